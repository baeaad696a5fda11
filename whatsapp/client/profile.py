"""The business profile of a number: what customers read about it.

Source: developers.facebook.com/docs/whatsapp/cloud-api/reference/business-profiles, read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from whatsapp.client import CloudApiClient, answers
from whatsapp.payloads.cleaning import clean, dict_of, text_of

FIELDS = "about,address,description,email,profile_picture_url,websites,vertical"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile as Meta has it; what was never set is empty."""

    about: str
    address: str
    description: str
    email: str
    vertical: str
    picture_url: str
    websites: tuple[str, ...]


def read(client: CloudApiClient, *, phone_number_id: str) -> Profile:
    """Read a number's profile. Raises: CloudApiError."""
    answer = client.call("GET", _edge(phone_number_id), query={"fields": FIELDS})
    document = answers.document_of(answer)
    rows = document.get("data")
    if document.get("error") is not None or not isinstance(rows, list):
        raise answer.error(secret=client.token)
    return _profile(dict_of(clean(rows[0]) if rows else {}))


def write(client: CloudApiClient, *, phone_number_id: str, changes: Mapping[str, Any]) -> None:
    """Change what ``changes`` names and nothing else; may be repeated. Raises: CloudApiError."""
    body = {"messaging_product": "whatsapp", **changes}
    answer = client.call("POST", _edge(phone_number_id), body=body)
    if answers.document_of(answer).get("success") is not True:
        raise answer.error(secret=client.token)


def _edge(phone_number_id: str) -> str:
    return f"{quote(phone_number_id, safe='')}/whatsapp_business_profile"


def _profile(row: dict[str, Any]) -> Profile:
    websites = row.get("websites")
    listed = websites if isinstance(websites, list) else []
    vertical = text_of(row.get("vertical")).upper()
    return Profile(
        about=text_of(row.get("about")),
        address=text_of(row.get("address")),
        description=text_of(row.get("description")),
        email=text_of(row.get("email")),
        vertical="" if vertical == "UNDEFINED" else vertical,
        picture_url=text_of(row.get("profile_picture_url")),
        websites=tuple(text for one in listed if (text := text_of(one))),
    )
