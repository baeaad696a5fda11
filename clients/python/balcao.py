"""A client of Balcão's API: one file that needs `requests` and nothing else.

    client = Client("https://acme.example.com", "acme", key="blc_...")
    client.send({"type": "text", "text": {"body": "Bom dia!"}}, to="+5511987654321")

Every POST gets an Idempotency-Key, so it is repeated safely when no answer came. A client may be
shared by threads.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import requests

__all__ = ["BalcaoError", "Client", "Reset", "SignatureError", "verify_webhook"]

Json = dict[str, Any]
TRIES = 4
WAIT_MAX_SECONDS = 30.0
WEBHOOK_AGE_SECONDS = 300
# Where nothing was done, or what was done is not done twice.
_AGAIN = {429, 503}


class BalcaoError(Exception):
    """A refusal: ``code`` is for programs, ``errors`` says what is not valid, and where."""

    def __init__(self, status: int, problem: Json, retry_after_seconds: float | None) -> None:
        super().__init__(f"{status} {problem.get('code', '')}: {problem.get('detail', '')}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.errors: list[Json] = list(problem.get("errors", ()))
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds


class SignatureError(Exception):
    """A webhook that is not Balcão's, or an old one that somebody repeats."""


class Reset(Exception):  # noqa: N818 - no error: a word of the API's
    """Nobody knows any more what changed since: read everything anew, then go on from here."""

    def __init__(self, last_seq: int) -> None:
        super().__init__(f"start anew, and go on after {last_seq}")
        self.last_seq = last_seq


class Client:
    """Speaks for one tenant, with an API key or as a person.

    ``tenant`` is its subdomain, or its id; a key needs the id. Raises: BalcaoError from every
    call, and requests' own errors where no answer came after several tries.
    """

    def __init__(
        self,
        base_url: str,
        tenant: str,
        *,
        key: str = "",
        email: str = "",
        password: str = "",
        timeout_seconds: float = 30.0,
        session: requests.Session | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._tenant = tenant
        self._access = key
        self._credentials = {"email": email, "password": password, "tenant": tenant}
        self._refresh = ""
        self._is_program = bool(key)
        self._timeout = timeout_seconds
        self._http = session or requests.Session()
        self._lock = threading.Lock()  # a refresh token works once: one thread renews for all
        if not self._is_program:
            self._grant("login", self._credentials)

    # --- sending --------------------------------------------------------------------------------
    def send(
        self,
        message: Json,
        *,
        to: str = "",
        conversation: int | None = None,
        phone: int | None = None,
        dry_run: bool = False,
        idempotency_key: str = "",
    ) -> Json:
        """Queue a message as Meta has it: ``{"type": "text", "text": {"body": "..."}}``."""
        body = {**message, **_place(to, conversation, phone)}
        if dry_run:
            body["dry_run"] = True
        return self.post("messages/send", body, idempotency_key=idempotency_key)

    def send_template(
        self,
        name: str,
        language: str,
        values: Mapping[str, str] | None = None,
        *,
        to: str = "",
        conversation: int | None = None,
        phone: int | None = None,
        idempotency_key: str = "",
    ) -> Json:
        """Queue a template; ``values`` fill its fields by their keys."""
        body: Json = {
            "template": {"name": name, "language": language},
            "values": dict(values or {}),
        }
        body |= _place(to, conversation, phone)
        return self.post("messages/template", body, idempotency_key=idempotency_key)

    def bulk(
        self,
        name: str,
        template: tuple[str, str],
        recipients: Iterable[tuple[str, Mapping[str, str]]],
        *,
        start: bool = True,
        phone: int | None = None,
        idempotency_key: str = "",
    ) -> Json:
        """Send a template (its name and language) to many: numbers, each with its values."""
        rows = [{"to": to, "values": dict(values)} for to, values in recipients]
        body: Json = {
            "name": name,
            "template": {"name": template[0], "language": template[1]},
            "recipients": rows,
            "start": start,
        }
        if phone is not None:
            body["phone"] = phone
        return self.post("messages/bulk", body, idempotency_key=idempotency_key)

    def upload(self, path: str | Path, *, idempotency_key: str = "") -> Json:
        """Keep a file, to be sent by its ``id``."""
        file = Path(path)
        files = {"file": (file.name, file.read_bytes())}
        return self._object("POST", "media/", files=files, key=idempotency_key or _new_key())

    # --- reading --------------------------------------------------------------------------------
    def conversations(self, **parameters: Any) -> Iterator[Json]:
        """Yield the conversations, newest first; ``parameters`` are those of the list."""
        return self.each("conversations/", **parameters)

    def messages(self, conversation: int) -> Iterator[Json]:
        """Yield a conversation's messages, newest first."""
        return self.each(f"conversations/{conversation}/messages")

    def last_seq(self) -> int:
        """Return the number of the last change: ask for it before you read everything."""
        return int(self.get("changes")["last_seq"])

    def changes(self, after: int) -> Iterator[Json]:
        """Yield what has changed after a number, until there is no more. Raises: Reset."""
        while True:
            page = self.get("changes", after=after)
            if page["reset"]:
                raise Reset(page["last_seq"])
            if not page["results"]:
                return
            yield from page["results"]
            after = page["results"][-1]["seq"]

    def wait_for_job(self, job: int, *, seconds: float = 120.0, every_seconds: float = 1.0) -> Json:
        """Return a job that has ended, as ``DONE`` or ``FAILED``. Raises: TimeoutError."""
        until = time.monotonic() + seconds
        while True:
            found = self.get(f"jobs/{job}/")
            if found["state"] in {"DONE", "FAILED"}:
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"job {job} is still {found['state']}")
            time.sleep(every_seconds)

    def each(self, path: str, **parameters: Any) -> Iterator[Json]:
        """Yield the results of a list, page by page."""
        page = self.get(path, **parameters)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            page = self._object("GET", page["next"])

    # --- any route ------------------------------------------------------------------------------
    def get(self, path: str, **parameters: Any) -> Json:
        """Read a route of the tenant: ``get("phones/")``."""
        return self._object("GET", path, params=parameters)

    def post(self, path: str, body: Json | None = None, *, idempotency_key: str = "") -> Json:
        """Post to a route of the tenant, once however often it is tried."""
        return self._object("POST", path, json=body, key=idempotency_key or _new_key())

    def patch(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._object("PATCH", path, json=body)

    def put(self, path: str, body: Json | None = None) -> Json:
        """Set something."""
        return self._object("PUT", path, json=body)

    def delete(self, path: str, **parameters: Any) -> Json:
        """Take something away."""
        return self._object("DELETE", path, params=parameters)

    def log_out(self) -> None:
        """End a person's session; a key stays."""
        if not self._is_program:
            self._http.post(
                f"{self._base}/api/v1/auth/logout",
                json={"refresh": self._refresh},
                timeout=self._timeout,
            )

    def _object(self, method: str, path: str, *, key: str = "", **sent: Any) -> Json:
        url = path if path.startswith(self._base) else self._url(path)
        used = self._access
        answer = self._tried(method, url, key, sent)
        if answer.status_code == 401 and not self._is_program:
            self._renew(used)
            answer = self._tried(method, url, key, sent)
        return _read(answer)

    def _url(self, path: str) -> str:
        return f"{self._base}/api/v1/tenant/{self._tenant}/{path.lstrip('/')}"

    def _tried(self, method: str, url: str, key: str, sent: Json) -> requests.Response:
        """Ask, and again where that does no harm: PATCH alone is asked once."""
        for left in reversed(range(1 if method == "PATCH" else TRIES)):
            headers = {"Authorization": f"Bearer {self._access}"}
            if key:
                headers["Idempotency-Key"] = key
            try:
                answer = self._http.request(
                    method, url, headers=headers, timeout=self._timeout, **sent
                )
            except (requests.ConnectionError, requests.Timeout):
                if not left:
                    raise
                time.sleep(_pause(left))
                continue
            if not left or not _may_help(answer):
                return answer
            wait = _retry_after(answer) or _pause(left)
            if wait > WAIT_MAX_SECONDS:
                return answer
            time.sleep(wait)
        raise AssertionError

    def _renew(self, used: str) -> None:
        with self._lock:
            if self._access != used:
                return  # another thread was first
            try:
                self._grant("refresh", {"refresh": self._refresh})
            except BalcaoError as refusal:
                if refusal.status != 401:
                    raise
                self._grant("login", self._credentials)

    def _grant(self, route: str, body: Json) -> None:
        url = f"{self._base}/api/v1/auth/{route}"
        given = _read(self._http.post(url, json=body, timeout=self._timeout))
        self._access, self._refresh = given["access"], given["refresh"]
        self._tenant = given["tenant"]


def verify_webhook(
    secrets: str | Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now: float | None = None,
) -> Json:
    """Return the event of a webhook, once its signature fits one of the secrets (``whsec_...``).

    Keep the ``webhook-id`` of the last days: an event may come twice. Raises: SignatureError.
    """
    named = {name.lower(): value for name, value in headers.items()}
    try:
        stamp = named["webhook-timestamp"]
        age = abs((time.time() if now is None else now) - int(stamp))
        signed = f"{named['webhook-id']}.{stamp}.".encode() + body
        given = named["webhook-signature"].split(" ")
    except (KeyError, ValueError) as error:
        raise SignatureError("the headers of a webhook are missing") from error
    if age > WEBHOOK_AGE_SECONDS:
        raise SignatureError("the webhook is too old")
    for secret in [secrets] if isinstance(secrets, str) else secrets:
        mac = base64.b64encode(hmac.new(_key_of(secret), signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(f"v1,{mac.decode()}".encode(), one.encode()) for one in given):
            event: Json = json.loads(body)
            return event
    raise SignatureError("no signature fits")


def _key_of(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise SignatureError("this is no secret of a webhook") from error


def _place(to: str, conversation: int | None, phone: int | None) -> Json:
    wanted = {"to": to or None, "conversation": conversation, "phone": phone}
    return {name: value for name, value in wanted.items() if value is not None}


def _new_key() -> str:
    return str(uuid.uuid4())


def _pause(left: int) -> float:
    return float(2 ** (TRIES - left) / 4)  # 0.5, 1, 2 seconds


def _may_help(answer: requests.Response) -> bool:
    """Tell whether to ask again: too early, or the first request with this key still runs."""
    if answer.status_code == 409:
        return _problem(answer).get("code") == "idempotency_running"
    return answer.status_code in _AGAIN


def _retry_after(answer: requests.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers.get("Retry-After", "")))
    except ValueError:
        return None


def _problem(answer: requests.Response) -> Json:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": answer.text[:200]}


def _read(answer: requests.Response) -> Json:
    if answer.status_code >= 400:
        raise BalcaoError(answer.status_code, _problem(answer), _retry_after(answer))
    found: Json = answer.json() if answer.content else {}
    return found
