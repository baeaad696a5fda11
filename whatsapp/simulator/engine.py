"""What happens on the platform: a customer writes, a business sends, phones are opened."""

import asyncio
from typing import Any

from whatsapp.simulator import events, ladder, refusals, summaries, threads
from whatsapp.simulator.chats import INBOUND, OUTBOUND, Chat, Message, Person, Status
from whatsapp.simulator.config import Phone
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.events import Update
from whatsapp.simulator.limits import Limits
from whatsapp.simulator.validation import Outgoing
from whatsapp.simulator.webhooks import Sender, Webhook
from whatsapp.simulator.world import World


class Engine:
    """Changes the world and tells the business of it. Lives in the event loop's thread."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sender = Sender(world)
        self.limits = Limits(world.now)
        self._generation = 0

    async def reset(self) -> None:
        """Forget all that happened; steps that were still to come never come."""
        self._generation += 1
        await self.sender.reset()
        self.world.reset()
        self.limits = Limits(self.world.now)

    def write(self, phone: Phone, person: Person, content: dict[str, Any]) -> Message:
        """Let a customer write ``content``, a message object of Meta's as far as it is given."""
        message, update = self.written(phone, person, content)
        if update is not None:
            self.sender.submit(update)
        return message

    def written(
        self, phone: Phone, person: Person, content: dict[str, Any]
    ) -> tuple[Message, Update | None]:
        """Let a customer write, and return the event that has yet to leave, if one is to."""
        world = self.world
        kind = str(content.get("type", "text"))
        wamid = content.get("id") or world.ids.wamid(person.wa_id, inbound=True)
        message = Message(
            wamid=str(wamid),
            direction=INBOUND,
            phone_number_id=phone.phone_number_id,
            wa_id=person.wa_id,
            type=kind,
            text=summaries.summary(kind, content.get(kind)),
            at=_seconds(content.get("timestamp"), world.now()),
            content={**content, "type": kind},
        )
        chat = world.chat(phone, person)
        world.add_inbound(chat, message)
        threads.apply(chat, message)
        if world.numbers[phone.phone_number_id].blocks(person.wa_id):
            return message, None  # it stays with the customer: the business never hears of it
        return message, events.inbound(chat, message, world.settings)

    def accept(self, phone: Phone, outgoing: Outgoing) -> tuple[Message, Person, Webhook | None]:
        """Take a business's message and let it climb its ladder.

        Returns the webhook of the first step too when that one was to leave at once.
        Raises: GraphError, when the window is closed, a limit reached, the person blocked or the
        user id unknown.
        """
        world = self.world
        person = self._addressee(phone, outgoing)
        if world.numbers[phone.phone_number_id].blocks(person.wa_id):
            raise GraphError(130403)
        chat = world.chat(phone, person)
        fail_code = refusals.of_send(world, self.limits, chat, outgoing)
        message = Message(
            wamid=world.ids.wamid(person.wa_id, inbound=False),
            direction=OUTBOUND,
            phone_number_id=phone.phone_number_id,
            wa_id=person.wa_id,
            type=outgoing.type,
            text=outgoing.text,
            at=world.now(),
            content=outgoing.content,
            opaque=outgoing.opaque,
            filled=outgoing.filled,
        )
        world.add_outbound(chat, message)
        threads.apply(chat, message)
        return message, person, self._climb(chat, message, fail_code)

    def set_reads(self, person: Person, *, reads: bool) -> None:
        """Let a customer open messages or leave them; what waits unread is opened now."""
        person.reads = reads
        self.world.touch()
        if not reads or self.world.settings.never_read:
            return
        for chat in list(self.world.chats.values()):
            if chat.person is person:
                self._open(chat)

    def _addressee(self, phone: Phone, outgoing: Outgoing) -> Person:
        if outgoing.digits:
            return self.world.addressee(outgoing.digits)
        person = self.world.person_by_user_id(phone.waba_id, outgoing.user_id)
        if person is None:
            raise GraphError(131009, details="Recipient user id is not valid.")
        return person

    def _climb(self, chat: Chat, message: Message, fail_code: int) -> Webhook | None:
        settings = self.world.settings
        content = message.content.get(message.type)
        steps = ladder.steps(
            settings,
            kind=message.type,
            random=self.world.ids.random,
            fail_code=fail_code,
            is_voice=isinstance(content, dict) and content.get("voice") is True,
        )
        first: Webhook | None = None
        loop, generation = asyncio.get_running_loop(), self._generation
        for step in steps:
            if settings.sent_before_answer and step is steps[0] and not step.leaves:
                first = self._take(chat, message, step, generation)
            else:
                loop.call_later(step.leaves, self._take, chat, message, step, generation)
        return first

    def _take(
        self, chat: Chat, message: Message, step: ladder.Step, generation: int
    ) -> Webhook | None:
        if generation != self._generation or step.status in message.reached:
            return None
        if step.status in {"read", "played"} and not chat.person.reads:
            return None
        status = Status(step.status, message.at + step.happens, step.code)
        return self._report(chat, message, status, with_pricing=step.with_pricing)

    def _open(self, chat: Chat) -> None:
        for message in chat.messages:
            unread = message.direction == OUTBOUND and "read" not in message.reached
            arrived = message.reached & {"sent", "delivered"} and message.type != "reaction"
            if unread and arrived:
                priced = "delivered" not in message.reached
                status = Status("read", self.world.now())
                self._report(chat, message, status, with_pricing=priced)

    def _report(
        self, chat: Chat, message: Message, status: Status, *, with_pricing: bool
    ) -> Webhook | None:
        message.statuses.append(status)
        self.world.touch()
        settings = self.world.settings
        update = events.status(chat, message, status, settings, with_pricing=with_pricing)
        return self.sender.submit(update)


def _seconds(timestamp: Any, now: float) -> float:
    """Return the time in a message object, which may be absent or nonsense on purpose."""
    try:
        return float(timestamp)
    except (TypeError, ValueError):
        return now
