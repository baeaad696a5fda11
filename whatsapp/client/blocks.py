"""Block and unblock people on a number.

Source: developers.facebook.com/docs/whatsapp/cloud-api/block-users, read 2026-11.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from whatsapp import errors
from whatsapp.client import CloudApiClient, answers
from whatsapp.payloads.cleaning import clean, dict_of, text_of

PAGE_SIZE = 500
# Meta blocks 64,000 people at most; a server that turns in circles ends here at the latest.
PAGES_MAX = 640
_DETAIL_MAX_CHARACTERS = 500
_CODES_BELOW = 10_000_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as Meta names him; "" where it does not."""

    wa_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """The calls about one number's list of blocked people."""

    client: CloudApiClient
    phone_number_id: str

    def add(self, person: Person) -> Person:
        """Block somebody who wrote within 24 hours; may be repeated. Raises: CloudApiError."""
        return self._change("POST", "added_users", person)

    def remove(self, person: Person) -> Person:
        """Unblock somebody; may be repeated. Raises: CloudApiError."""
        return self._change("DELETE", "removed_users", person)

    def pages(self) -> Iterator[list[Person]]:
        """Read the whole list by Meta's cursors; may be repeated. Raises: CloudApiError."""
        query = {"limit": str(PAGE_SIZE)}
        for _ in range(PAGES_MAX):
            answer = self.client.call("GET", self._edge, query=query)
            document = dict_of(clean(answers.document_of(answer)))
            rows = document.get("data")
            if document.get("error") is not None or not isinstance(rows, list):
                raise answer.error(secret=self.client.token)
            yield [_person(dict_of(row)) for row in rows]
            paging = dict_of(document.get("paging"))
            cursor = text_of(dict_of(paging.get("cursors")).get("after"))
            if not paging.get("next") or cursor in {"", query.get("after")}:
                return
            query["after"] = cursor

    @property
    def _edge(self) -> str:
        return f"{quote(self.phone_number_id, safe='')}/block_users"

    def _change(self, method: str, changed: str, person: Person) -> Person:
        # A number is the surer name: a user id is another one in every business portfolio.
        name = {"user": f"+{person.wa_id}"} if person.wa_id else {"user_id": person.user_id}
        body = {"messaging_product": "whatsapp", "block_users": [name]}
        answer = self.client.call(method, self._edge, body=body)
        document = dict_of(clean(answers.any_document_of(answer)))
        told = dict_of(document.get("block_users"))
        done, failed = _first(told.get(changed)), _first(told.get("failed_users"))
        if done:
            named = _person(done)
            return Person(named.wa_id or person.wa_id, named.user_id or person.user_id)
        # In the answer to a call for one person, what is said of him says more than 139100.
        error = _first(failed.get("errors")) or dict_of(failed.get("error"))
        if error:
            raise _refusal(answer.status, error, secret=self.client.token)
        raise answer.error(secret=self.client.token)


def _person(row: dict[str, Any]) -> Person:
    return Person(text_of(row.get("wa_id")).removeprefix("+"), text_of(row.get("user_id")))


def _first(items: Any) -> dict[str, Any]:
    return dict_of(items[0]) if isinstance(items, list) and items else {}


def _refusal(status: int, error: dict[str, Any], *, secret: str) -> errors.CloudApiError:
    code = error.get("code")
    known = isinstance(code, int) and not isinstance(code, bool) and 0 < code < _CODES_BELOW
    details = text_of(dict_of(error.get("error_data")).get("details"))
    detail = (details or text_of(error.get("message"))).replace(secret, "[token]")
    return errors.from_answer(
        http_status=status if status >= 400 else 400,
        code=code if known else None,
        detail=detail[:_DETAIL_MAX_CHARACTERS],
        retry_after_seconds=None,
    )
