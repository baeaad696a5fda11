"""The customers' side of the JSON endpoints: what people with a phone can do, and what happens."""

from typing import Any

from whatsapp.simulator import (
    actions,
    attachments,
    display,
    events,
    happenings,
    recipients,
    wishes,
)
from whatsapp.simulator.chats import INBOUND, OUTBOUND, Chat, Message, Person
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
_LISTED = 200
_FLAGS = ("reads", "hides_number")
_AD = {
    "source_url": "https://fb.me/2aBcDeFgH",
    "source_id": "120210000000000001",
    "source_type": "ad",
    "headline": "Semana do cliente",
    "body": "Até 30% de desconto em toda a loja",
    "media_type": "image",
    "image_url": "https://example.com/anuncio.jpg",
    "ctwa_clid": "ARAkLkA8rmlFeiCktEJQ-QTwRiyYHAFDLMNDBH0CD3qpjd0HR4irJ6LEkR7JwFF4XvnO2E4Nx0",
}


class Customers:
    """The acts behind POST /simulator/inbound, files, taps, customers and happenings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world

    # What one can do

    def inbound(self, data: Json) -> Json:
        """Let a customer write: `text`, any Meta `message` object, or a `raw` webhook body.

        Beside the first two: `reply_to` (a wamid), `forwarded` (true, or "often") and `referral`
        (true, or the object of an ad).
        """
        if "raw" in data:
            return self._raw(data["raw"])
        phone, person = self.phone(data), self.person(data)
        content = data.get("message")
        if content is None:
            text = data.get("text")
            if not isinstance(text, str) or not text:
                raise WishError("text: something to say is needed.")
            content = {"type": "text", "text": {"body": text}}
        if not isinstance(content, dict):
            raise WishError("message: an object is needed.")
        content = {**self._frame(phone, person, data), **content}
        return {"wamid": self._engine.write(phone, person, content).wamid}

    def file(self, data: Json) -> Json:
        """Let a customer send a file: `data` in base64, `mime_type`, `name`, `caption`, `voice`."""
        phone, person = self.phone(data), self.person(data)
        file = attachments.keep(self._world, phone, data)
        content = {**self._frame(phone, person, data), **attachments.message(file, data)}
        return {"wamid": self._engine.write(phone, person, content).wamid}

    def tap(self, data: Json) -> Json:
        """Let a customer tap a button of `wamid`: `index`, and `card`, `row` or `answer`."""
        phone, person = self.phone(data), self.person(data)
        chat = self._world.chat(phone, person)
        message = chat.find(str(data.get("wamid", "")))
        if message is None or message.direction != OUTBOUND:
            raise WishError("wamid: no such message of the business.", 404)
        content = actions.tap(chat, message, _actions(message, data.get("card")), data)
        return {"wamid": self._engine.write(phone, person, content).wamid}

    def customer(self, data: Json) -> Json:
        """Add a customer, rename one, or set `reads`, `hides_number` and `username`.

        ``reads`` is whether they open what they get; who hides the number is known to businesses
        by the user id alone.
        """
        person = self._world.person(_digits(data.get("wa_id")), wishes.text(data, "name", ""))
        given = {name: wishes.flag(data, name, default=False) for name in _FLAGS if name in data}
        person.hides_number = given.get("hides_number", person.hides_number)
        person.username = wishes.text(data, "username", person.username)
        if "reads" in given:
            self._engine.set_reads(person, reads=given["reads"])
        self._world.touch()
        return self.described(person, "")

    def happen(self, data: Json) -> Json:
        """Let something else happen (`what`) to a customer and a number."""
        phone, person = self.phone(data), self.person(data)
        rest = {k: v for k, v in data.items() if k not in {"what", "phone_number_id", "from"}}
        happenings.happen(self._engine, str(data.get("what", "")), phone, person, rest)
        return {"success": True, "wa_id": person.wa_id}

    # What one can see

    def described(self, person: Person, phone_number_id: str) -> Json:
        """Return a person, with the end of their chat with a number."""
        chat = self._world.find_chat(phone_number_id, person.wa_id)
        last = chat.messages[-1] if chat and chat.messages else None
        seen = {"text": last.text, "direction": last.direction, "at": last.at} if last else None
        return {
            "wa_id": person.wa_id,
            "name": person.name,
            "reads": person.reads,
            "hides_number": person.hides_number,
            "username": person.username,
            "stopped": phone_number_id in person.stopped,
            "count": len(chat.messages) if chat else 0,
            "last": seen,
        }

    def listed(self, phone_number_id: str, wa_id: str) -> list[Json]:
        """Return the customers of late (not all after a load test), and the chosen one."""
        known = [self.described(p, phone_number_id) for p in self._world.people.values()]
        known.sort(key=lambda item: -item["last"]["at"] if item["last"] else 0)
        chosen = [item for item in known[_LISTED:] if item["wa_id"] == wa_id]
        return known[:_LISTED] + chosen

    # Who, and to whom

    def phone(self, data: Json) -> Phone:
        """Return the number that is meant. Raises: WishError."""
        phone = self._world.phones.get(str(data.get("phone_number_id", "")))
        if phone is None:
            raise WishError("phone_number_id: no such number.", 404)
        return phone

    def person(self, data: Json) -> Person:
        """Return who is meant, made on the spot. Raises: WishError."""
        return self._world.person(_digits(data.get("from")), wishes.text(data, "name", ""))

    def _frame(self, phone: Phone, person: Person, data: Json) -> Json:
        """Return what surrounds a message: the quote, the mark of a forward, the ad."""
        context: Json = {}
        if data.get("forwarded"):
            often = data["forwarded"] == "often"
            context["frequently_forwarded" if often else "forwarded"] = True
        if data.get("reply_to"):
            context |= self._quote(phone, person, str(data["reply_to"]))
        frame: Json = {"context": context} if context else {}
        if data.get("referral"):
            frame["referral"] = data["referral"] if isinstance(data["referral"], dict) else _AD
        return frame

    def _quote(self, phone: Phone, person: Person, wamid: str) -> Json:
        chat: Chat | None = self._world.find_chat(phone.phone_number_id, person.wa_id)
        quoted = chat.find(wamid) if chat else None
        if quoted is None:
            return {"id": wamid}
        mine = quoted.direction == INBOUND
        author = {} if mine and person.hides_number else {"from": person.wa_id}
        return {**(author if mine else {"from": phone.digits}), "id": wamid}

    def _raw(self, raw: Any) -> Json:
        if isinstance(raw, str):
            body = raw.encode("utf-8", "surrogatepass")
        else:
            body = events.encode(raw)
        return {"webhook_id": self._engine.sender.submit_raw(body, "raw").id}


def _actions(message: Message, card: Any) -> list[Json]:
    shown = display.shown(message, {})
    if card is None:
        return list(shown.get("actions", []))
    cards = shown.get("cards", [])
    if not isinstance(card, int) or not 0 <= card < len(cards):
        raise WishError("card: there is no such card.")
    return list(cards[card].get("actions", []))


def _digits(value: Any) -> str:
    digits = recipients.digits_of(value) if isinstance(value, str) else ""
    if not digits:
        raise WishError("A phone number of 7 to 15 digits is needed.")
    return digits
