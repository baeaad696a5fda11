"""The JSON endpoints under /simulator/: for the page, for tests and for demos."""

from collections.abc import Callable
from typing import Any

from whatsapp.simulator import (
    dashboard,
    display,
    errors,
    handshake,
    happenings,
    media,
    template_edges,
    wishes,
)
from whatsapp.simulator.actions import TapError
from whatsapp.simulator.asgi import BodyError, Request, Response, json_response
from whatsapp.simulator.attachments import AttachmentError
from whatsapp.simulator.backstage import Backstage
from whatsapp.simulator.config import ConfigError, check_callback_url
from whatsapp.simulator.customers import Customers
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.handshake import HandshakeError
from whatsapp.simulator.registry import Number
from whatsapp.simulator.settings import DEFAULTS, SettingsError
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
_SHOWN = 200
_LOGGED = 40
_MOST_SECONDS = 400 * 86400


class Control:
    """What one can see of the simulator, and do to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._world = engine.world
        self.backstage = Backstage(engine)
        self.customers = Customers(engine)
        self._reads: dict[str, Callable[[Json], Json]] = {
            "health": self.health,
            "state": self.state,
            "conversations": self.conversation,
            "messages": self.messages,
            "webhooks": self.webhooks,
            "settings": self.settings,
            "options": self.options,
            "numbers": self.backstage.numbers,
        }
        self._writes: dict[str, Callable[[Json], Json]] = {
            "inbound": self.customers.inbound,
            "files": self.customers.file,
            "taps": self.customers.tap,
            "customers": self.customers.customer,
            "happenings": self.customers.happen,
            "clock": self.clock,
            "settings": self.change_settings,
            "retry": self.retry,
            "templates": self.template,
            "numbers": self.backstage.change_number,
            "accounts": self.backstage.change_account,
            "tokens": self.backstage.change_token,
            "signups": self.backstage.sign_up,
        }

    async def respond(self, request: Request) -> Response:
        """Answer GET and POST under /simulator/."""
        name = request.path.removeprefix("/simulator/").rstrip("/")
        try:
            if request.method == "GET":
                return self._read(name, dict(request.query))
            return json_response(await self._write(name, request))
        except (AttachmentError, BodyError, ConfigError, SettingsError, TapError) as error:
            return json_response({"error": str(error)}, status=400)
        except WishError as error:
            return json_response({"error": str(error)}, status=error.status)

    def _read(self, name: str, query: Json) -> Response:
        if name == "file":
            return self._file(query)
        if name not in self._reads:
            raise WishError("There is no such endpoint.", 404)
        if name == "state" and query.get("version") == str(self._world.version):
            return Response(status=204)
        return json_response(self._reads[name](query))

    async def _write(self, name: str, request: Request) -> Json:
        data = request.document() if request.body else {}
        if name == "reset":
            await self._engine.reset()
            return {"success": True}
        if name == "verify":
            return await self._verify()
        if name == "apps":
            return await dashboard.add_app(self._engine, data)
        if name not in self._writes:
            raise WishError("There is no such endpoint.", 404)
        return self._writes[name](data)

    # What one can see

    def health(self, query: Json) -> Json:
        """Say that the simulator answers."""
        return {"status": "ok", "phones": list(self._world.phones)}

    def state(self, query: Json) -> Json:
        """Return all that the page shows, for one chat."""
        world = self._world
        phone_number_id, wa_id = query.get("phone_number_id", ""), query.get("wa_id", "")
        return {
            "version": world.version,
            "now": world.now(),
            "phones": [_phone(number) for number in world.numbers.values()],
            "customers": self.customers.listed(phone_number_id, wa_id),
            "chat": self.conversation({"phone_number_id": phone_number_id, "wa_id": wa_id}),
            "number": self._number(phone_number_id),
            "settings": world.settings.as_json(),
            "turned": world.settings.turned(),
            "defaults": DEFAULTS.as_json(),
            "requests": list(world.requests)[-_LOGGED:],
            "webhooks": [w.as_json() for w in list(self._engine.sender.log)[-_LOGGED:]],
            "totals": self._engine.sender.totals,
        }

    def conversation(self, query: Json) -> Json:
        """Return the messages between a business number and a customer, oldest first."""
        chat = self._world.find_chat(query.get("phone_number_id", ""), query.get("wa_id", ""))
        if chat is None:
            return {"messages": [], "shown": [], "typing_until": 0, "window_open": True}
        return {
            "messages": [message.as_json() for message in chat.messages[-_limit(query) :]],
            "shown": display.chat(chat.messages[-_limit(query) :], chat),
            "typing_until": chat.typing_until,
            "window_open": self._world.window_open(chat),
        }

    def messages(self, query: Json) -> Json:
        """Return what was accepted from businesses, and how often each callback data came."""
        shown = list(self._world.accepted)[-_limit(query) :]
        return {
            "messages": [{**m.as_json(), "body": m.content} for m in shown],
            "total": self._world.accepted_total,
            "callback_data": dict(self._world.callback_data),
        }

    def webhooks(self, query: Json) -> Json:
        """Return the webhooks with their attempts, and how many are in which state."""
        sender = self._engine.sender
        shown = list(sender.log)[-_limit(query) :]
        return {
            "webhooks": [webhook.as_json() for webhook in shown],
            "totals": dict(sender.totals),
            "attempts": sender.attempts,
        }

    def settings(self, query: Json) -> Json:
        """Return all knobs, and where webhooks go."""
        return {**self._world.settings.as_json(), "callback_url": self._world.app.callback_url}

    def options(self, query: Json) -> Json:
        """Return the codes that can be played, and what else can happen."""
        codes = [
            {"code": code, "title": text.title, "http": text.http}
            for code, text in sorted(errors.TEXTS.items())
            if not 200 < code < 300  # all like 200
        ]
        return {"codes": codes, "happenings": list(happenings.ACTS)}

    # What one can do

    def clock(self, data: Json) -> Json:
        """Let time pass: `advance_seconds`."""
        seconds: Any = data.get("advance_seconds")
        if not wishes.is_number(seconds) or not 0 <= seconds <= _MOST_SECONDS:
            raise WishError(f"advance_seconds: between 0 and {_MOST_SECONDS}.")
        self._world.skip(seconds)
        return {"now": self._world.now()}

    def change_settings(self, data: Json) -> Json:
        """Turn knobs; `callback_url` moves the app's address. All or nothing."""
        knobs = {key: value for key, value in data.items() if key != "callback_url"}
        url = check_callback_url(str(data.get("callback_url", self._world.app.callback_url)))
        self._world.change_settings(knobs)
        self._world.app.callback_url = url
        return self.settings({})

    def template(self, data: Json) -> Json:
        """Let Meta change a template's `status`, `quality` or `category`, and tell of it."""
        words: dict[str, str] = {}
        words |= {name: data[name] for name in ("status", "quality", "category") if name in data}
        if not words or not all(isinstance(word, str) and word for word in words.values()):
            raise WishError("status, quality or category: a word is needed.")
        template_id = str(data.get("template_id", ""))
        changed = template_edges.change(self._engine, template_id, words)
        if changed is None:
            raise WishError("template_id: no such template.", 404)
        return changed.as_json()

    def retry(self, data: Json) -> Json:
        """Let every webhook that waits for its next attempt try now."""
        self._engine.sender.retry_now()
        return {"success": True}

    def _file(self, query: Json) -> Response:
        file = self._world.media.find(query.get("id", ""), now=self._world.now())
        if file is None:
            raise WishError("There is no such file.", 404)
        return media.show(file)

    async def _verify(self) -> Json:
        """Shake hands with the app's callback address, as when it is saved in the dashboard."""
        try:
            app = self._world.app
            await handshake.verify(self._engine, app.callback_url, app.verify_token)
        except HandshakeError as error:
            raise WishError(str(error), 502) from error
        return {"success": True}

    def _number(self, phone_number_id: str) -> Json | None:
        number = self._world.numbers.get(phone_number_id)
        return self.backstage.number(number) if number else None


def _phone(number: Number) -> Json:
    return {
        "phone_number_id": number.phone.phone_number_id,
        "display_phone_number": number.phone.display_phone_number,
        "verified_name": number.verified_name,
    }


def _limit(query: Json) -> int:
    value = str(query.get("limit", _SHOWN))
    if not value.isdecimal() or not 1 <= int(value) <= 100_000:
        raise WishError("limit: a whole number from 1 is needed.")
    return int(value)
