"""A Graph call whose token and object have been found good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whatsapp.simulator.asgi import BodyError, Request
from whatsapp.simulator.config import Phone
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import Number, Waba
from whatsapp.simulator.shelf import Media
from whatsapp.simulator.templates import Template


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gives; ``note`` is for the log on the page."""

    data: Mapping[str, Any]
    note: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What is wanted, of which of the caller's objects, with which token."""

    engine: Engine
    request: Request
    token: str
    phone: Phone | None = None
    waba: Waba | None = None
    media: Media | None = None
    template: tuple[str, Template] | None = None  # with its account
    phones: tuple[Phone, ...] = field(default=())  # all that the token may use

    @property
    def app_id(self) -> str:
        """The app whose token this is."""
        return self.engine.world.registry.grants[self.token].app_id

    def body(self) -> dict[str, Any]:
        """Return the JSON body; an empty one counts as {}. Raises: GraphError."""
        if not self.request.body:
            return {}
        try:
            return self.request.document()
        except BodyError as error:
            raise GraphError(100, message=f"(#100) {error}") from error

    def this_phone(self) -> Phone:
        """Return the number that the call is about."""
        if self.phone is None:
            raise LookupError("This edge belongs to phone numbers.")
        return self.phone

    def this_number(self) -> Number:
        """Return the same number as it stands now."""
        return self.engine.world.numbers[self.this_phone().phone_number_id]

    def this_media(self) -> Media:
        """Return the file that the call is about."""
        if self.media is None:
            raise LookupError("This edge belongs to files.")
        return self.media

    def this_template(self) -> tuple[str, Template]:
        """Return the template that the call is about, and its account."""
        if self.template is None:
            raise LookupError("This edge belongs to templates.")
        return self.template

    def this_waba(self) -> Waba:
        """Return the account that the call is about."""
        if self.waba is None:
            raise LookupError("This edge belongs to WhatsApp Business Accounts.")
        return self.waba
