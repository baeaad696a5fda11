"""What customers and API clients do meanwhile, and a note of all that was promised to them."""

import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from tests.faults.soak.crew import Crew
from tests.faults.soak.ground import Number
from whatsapp.simulator.server import Simulator

CUSTOMERS = 40  # of each number; the same people write to both tenants
CLIENTS = 4
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Chat:
    """Somebody and a number."""

    number: Number
    wa_id: str

    def text(self, way: str, place: int) -> str:
        """Return words that say where they belong."""
        return f"{self.number.phone_number_id}/{self.wa_id}/{way}/{place}"


@dataclass(slots=True)
class Traffic:
    """Messages in both directions until it is told to end."""

    simulator: Simulator
    crew: Crew
    numbers: Sequence[Number]
    clients: dict[str, tuple[str, str]]  # subdomain: path of the sending door, access token
    phone_keys: dict[str, int]  # of our rows, by phone_number_id
    per_second: float
    written: dict[str, Chat] = field(default_factory=dict)  # by wamid
    asked: dict[str, Chat] = field(default_factory=dict)  # by text: may exist once
    promised: set[str] = field(default_factory=set)  # texts: must exist once
    problems: list[str] = field(default_factory=list)
    attempts: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _count: int = 0

    def chats(self) -> list[Chat]:
        """Return every chat there is."""
        return [
            Chat(number, f"551198{place:07}")
            for number in self.numbers
            for place in range(CUSTOMERS)
        ]

    def write(self, chat: Chat) -> None:
        """Let a customer write."""
        with self._lock:
            self._count += 1
            wamid = self.simulator.inbound(
                phone_number_id=chat.number.phone_number_id,
                sender=chat.wa_id,
                text=chat.text("in", self._count),
            )
            self.written[wamid] = chat

    def begin(self) -> None:
        """Let everybody write and send from now on."""
        for target in (self._customers, *[self._client] * CLIENTS):
            self._threads.append(threading.Thread(target=target, daemon=True))
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let everybody finish what is begun."""
        self._over.set()
        for thread in self._threads:
            thread.join(120)
            if thread.is_alive():
                self.problems.append("a client got no answer in two minutes")

    def _customers(self) -> None:
        chats = self.chats()
        while not self._over.wait(random.uniform(0, 2) / self.per_second):
            self.write(random.choice(chats))

    def _client(self) -> None:
        chats = self.chats()
        while not self._over.wait(random.uniform(0, 2) * CLIENTS / self.per_second):
            self._send(random.choice(chats))

    def _send(self, chat: Chat) -> None:
        """Send as a careful client does: the same key again until there is an answer."""
        with self._lock:
            self._count += 1
            text = chat.text("out", self._count)
            self.asked[text] = chat
        key, deadline = str(uuid4()), time.monotonic() + 60
        while time.monotonic() < deadline:
            status, answer = self._try(chat, text, key)
            if status == 202:
                self.promised.add(text)
                return
            if 400 <= status < 500 and status not in {409, 429}:
                self.problems.append(f"{status} {answer[:300]}")
                return
            time.sleep(0.2)
        self.problems.append(f"no answer in a minute, at last {status} {answer[:300]}")

    def _try(self, chat: Chat, text: str, key: str) -> tuple[int, str]:
        """Return the HTTP status and the answer; 0 when there is none."""
        self.attempts += 1
        path, token = self.clients[chat.number.subdomain]
        to = {"to": f"+{chat.wa_id}", "phone": self.phone_keys[chat.number.phone_number_id]}
        door = random.choice(self.crew.of("web"))
        connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(
                "POST",
                path,
                json.dumps({**to, "type": "text", "text": {"body": text}}),
                {
                    "Host": f"{chat.number.subdomain}.localhost",
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": key,
                },
            )
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        finally:
            connection.close()
