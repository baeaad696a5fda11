"""Templates of a business account at Meta.

Source: developers.facebook.com/docs/graph-api/reference/whats-app-business-account/
message_templates, read 2026-11.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from whatsapp.client import CloudApiClient, answers

FIELDS = (
    "id,name,language,status,category,components,parameter_format,quality_score,rejected_reason"
)
PAGE_SIZE = 50
# More than Meta lets an account have; a server that turns in circles ends here at the latest.
PAGES_MAX = 400


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """A template as Meta lists it; "" where Meta said nothing."""

    template_id: str
    name: str
    language: str
    status: str
    category: str
    quality: str
    parameter_format: str
    reason: str
    components: list[Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. ``total`` is how many there are in all, where Meta says so."""

    templates: list[RemoteTemplate]
    total: int | None


@dataclass(frozen=True, slots=True)
class Created:
    """What Meta made of a new template; its category may be another than the one asked for."""

    template_id: str
    status: str
    category: str


@dataclass(frozen=True, slots=True)
class Templates:
    """The calls about one account's templates."""

    client: CloudApiClient
    waba_id: str

    def pages(self) -> Iterator[Page]:
        """Read the whole list, page by page, by Meta's cursors.

        The address of the next page is never used nor kept: it holds the token. May be repeated.
        Raises: CloudApiError.
        """
        after = ""
        for _ in range(PAGES_MAX):
            document = self._call("GET", self._edge, query=_query(after))
            paging = _object(document.get("paging"))
            yield _page(document)
            cursor = _object(paging.get("cursors")).get("after")
            # The last page has cursors too.
            if not paging.get("next") or not isinstance(cursor, str) or cursor in {"", after}:
                return
            after = cursor

    def create(self, template: Mapping[str, Any]) -> Created:
        """Hand a new template in for review. Raises: CloudApiError."""
        document = self._call("POST", self._edge, body=template)
        words = {name: _text(document.get(name)) for name in ("id", "status", "category")}
        return Created(words["id"], words["status"].upper(), words["category"].upper())

    def edit(self, template_id: str, changes: Mapping[str, Any]) -> None:
        """Replace a template's components, all of them. Raises: CloudApiError."""
        self._call("POST", quote(template_id, safe=""), body=changes)

    def delete(self, *, name: str, template_id: str = "") -> None:
        """Delete a template in one language, or, without an id, in all. Raises: CloudApiError."""
        query = {"name": name, **({"hsm_id": template_id} if template_id else {})}
        self._call("DELETE", self._edge, query=query)

    @property
    def _edge(self) -> str:
        return f"{quote(self.waba_id, safe='')}/message_templates"

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        answer = self.client.call(method, path, query=query, body=body)
        document = answers.accepted(answer)
        if document is None:
            raise answer.error(secret=self.client.token)
        return document


def _query(after: str) -> dict[str, str]:
    query = {"fields": FIELDS, "limit": str(PAGE_SIZE), "summary": "total_count"}
    return {**query, "after": after} if after else query


def _page(document: dict[str, Any]) -> Page:
    items = _list(document.get("data"))
    found = [_template(item) for item in items if isinstance(item, dict)]
    total = _object(document.get("summary")).get("total_count")
    known = isinstance(total, int) and not isinstance(total, bool) and 0 <= total < 2**31
    return Page([one for one in found if one is not None], total if known else None)


def _template(item: dict[str, Any]) -> RemoteTemplate | None:
    name, language = _text(item.get("name")), _text(item.get("language"))
    if not name or not language:
        return None
    score = _object(item.get("quality_score")).get("score")
    reason = _text(item.get("rejected_reason"))
    return RemoteTemplate(
        template_id=str(item.get("id", "")),
        name=name,
        language=language,
        status=_text(item.get("status")).upper(),
        category=_text(item.get("category")).upper(),
        quality=_text(score).upper(),
        parameter_format=_text(item.get("parameter_format")).upper(),
        reason="" if reason == "NONE" else reason,
        components=_list(item.get("components")),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
