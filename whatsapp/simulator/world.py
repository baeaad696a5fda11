"""Everything that the simulated platform knows: people, numbers, chats, subscriptions.

Plain data in memory. One event loop owns it, so it needs no lock; nothing here waits or sends.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from whatsapp.simulator import ids, recipients
from whatsapp.simulator.chats import INBOUND, Chat, Message, Person
from whatsapp.simulator.config import Config, Phone
from whatsapp.simulator.registry import MetaApp, Number, Registry, Waba
from whatsapp.simulator.settings import Settings
from whatsapp.simulator.shelf import Shelf, Uploads
from whatsapp.simulator.templates import Catalog

KEPT_MESSAGES = 20_000
KEPT_REQUESTS = 500
TYPING_SECONDS = 25.0
#: Inbound types that do not open the window for free text.
_NO_ANSWER_TYPES = frozenset({"reaction", "system", "edit", "revoke"})


class World:
    """The state. ``version`` grows with every visible change, for pages that poll."""

    def __init__(self, config: Config, now: Callable[[], float] = time.time) -> None:
        self.config = config
        self.app = MetaApp(
            config.app_id, config.app_secret, config.verify_token, config.callback_url
        )
        self._clock = now
        self.ids = ids.Ids(config.seed)
        self.version = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything but the configuration."""
        self._skipped = 0.0
        self.settings = Settings()
        self.refusals_left = 0
        self.registry = Registry(self.config, self.app, now=self.now())
        self.people: dict[str, Person] = {}
        self.chats: dict[tuple[str, str], Chat] = {}
        self.accepted: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self.accepted_total = 0
        self.callback_data: Counter[str] = Counter()
        self.inbound: dict[str, Chat] = {}
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.requests_total = 0
        self.media = Shelf()
        self.uploads = Uploads()
        self.templates = Catalog()
        started = self.now()
        for customer in self.config.customers:
            wrote = started if customer.last_wrote_at is None else customer.last_wrote_at
            person = Person(customer.wa_id, customer.name, first_wrote_at=wrote)
            self.people[recipients.match_key(customer.wa_id)] = person
        self.touch()

    @property
    def phones(self) -> dict[str, Phone]:
        """The business numbers by their ids."""
        return self.registry.phones

    @property
    def numbers(self) -> dict[str, Number]:
        """The same numbers as they stand now."""
        return self.registry.numbers

    @property
    def wabas(self) -> dict[str, Waba]:
        """The accounts by their ids."""
        return self.registry.wabas

    def now(self) -> float:
        """Return the time here, in unix seconds."""
        return self._clock() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let time pass that nobody waits for."""
        self._skipped += seconds
        self.touch()

    def touch(self) -> None:
        """Tell polling pages that something changed."""
        self.version += 1

    # People and chats

    def person(self, wa_id: str, name: str = "") -> Person:
        """Return who has this number in any spelling, made on the spot where nobody has."""
        key = recipients.match_key(wa_id)
        person = self.people.get(key)
        if person is None:
            person = self.people[key] = Person(wa_id, name or f"+{wa_id}")
            self.touch()
        elif name and name != person.name:
            person.name = name
            self.touch()
        return person

    def addressee(self, digits: str) -> Person:
        """Return whom a send to ``digits`` reaches; a stranger gets the usual form of the id."""
        known = self.people.get(recipients.match_key(digits))
        return known or self.person(recipients.usual_wa_id(digits))

    def person_by_user_id(self, waba_id: str, user_id: str) -> Person | None:
        """Return who has this business-scoped id in that business, if anybody does."""
        matches = (p for p in self.people.values() if p.user_id(waba_id) == user_id)
        return next(matches, None)

    def chat(self, phone: Phone, person: Person) -> Chat:
        """Return the chat of the two, made when it is their first."""
        key = (phone.phone_number_id, recipients.match_key(person.wa_id))
        chat = self.chats.get(key)
        if chat is None:
            chat = self.chats[key] = Chat(phone, person, last_wrote_at=person.first_wrote_at)
        return chat

    def find_chat(self, phone_number_id: str, wa_id: str) -> Chat | None:
        """Return the chat if there is one."""
        return self.chats.get((phone_number_id, recipients.match_key(wa_id)))

    def window_open(self, chat: Chat) -> bool:
        """Whether free text may be sent now."""
        if chat.last_wrote_at is None:
            return not self.settings.strict_window
        return self.now() < chat.last_wrote_at + self.settings.window_seconds

    def move(self, person: Person, wa_id: str) -> None:
        """Give a person another number; their chats go with them."""
        before, after = recipients.match_key(person.wa_id), recipients.match_key(wa_id)
        self.people.pop(before, None)
        person.wa_id = wa_id
        self.people[after] = person
        for number, key in [place for place in self.chats if place[1] == before]:
            self.chats[number, after] = self.chats.pop((number, key))
        self.touch()

    # Messages

    def add_inbound(self, chat: Chat, message: Message) -> None:
        """Keep what a customer wrote; it opens the window."""
        chat.messages.append(message)
        self.inbound[message.wamid] = chat
        if message.type not in _NO_ANSWER_TYPES:
            chat.last_wrote_at = max(chat.last_wrote_at or 0.0, message.at)
        self.touch()

    def add_outbound(self, chat: Chat, message: Message) -> None:
        """Keep what a business sent."""
        chat.messages.append(message)
        chat.typing_until = 0.0
        self.accepted.append(message)
        self.accepted_total += 1
        if message.opaque:
            self.callback_data[message.opaque] += 1
        self.touch()

    def mark_read(self, phone: Phone, wamid: str, *, typing: bool) -> bool:
        """Mark an inbound message and those before it as read; False when it is unknown."""
        chat = self.inbound.get(wamid)
        if chat is None or chat.phone.phone_number_id != phone.phone_number_id:
            return False
        for message in chat.messages:
            message.read = message.read or message.direction == INBOUND
            if message.wamid == wamid:
                break
        chat.typing_until = self.now() + TYPING_SECONDS if typing else 0.0
        self.touch()
        return True

    # Webhooks and the log

    def destinations(self, waba_id: str, phone_number_id: str) -> list[tuple[MetaApp, str]]:
        """Return which apps hear of an event, and where: at the number's address, else the
        account's, else the app's. None does where nobody subscribed: then Meta keeps silent.
        """
        waba, number = self.wabas.get(waba_id), self.numbers.get(phone_number_id)
        subscribers = waba.subscribers if waba else {self.app.app_id: ""}
        own = number.overrides if number else {}
        apps = ((self.registry.apps[app_id], url) for app_id, url in subscribers.items())
        return [(app, own.get(app.app_id) or url or app.callback_url) for app, url in apps]

    def log_request(self, *, method: str, path: str, status: int, note: str) -> None:
        """Remember a Graph call for the page; never its token."""
        self.requests_total += 1
        self.requests.append(
            {
                "id": self.requests_total,
                "at": self.now(),
                "method": method,
                "path": path,
                "status": status,
                "note": note,
            }
        )
        self.touch()

    def take_refusal(self) -> str:
        """Return the refusal that the next send meets, "" for none; counts `refuse_times` down."""
        refusal = self.settings.refuse
        if refusal and self.settings.refuse_times:
            self.refusals_left -= 1
            if self.refusals_left <= 0:
                self.settings = self.settings.changed({"refuse": "", "refuse_times": 0})
        return refusal

    def change_settings(self, data: dict[str, Any]) -> None:
        """Turn knobs. Raises: SettingsError, and nothing changed."""
        self.settings = self.settings.changed(data)
        self.refusals_left = self.settings.refuse_times
        self.touch()
