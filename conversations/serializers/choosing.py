"""What the API takes to say which contacts are meant."""

from typing import Any

from rest_framework import serializers

from conversations.models import Conversation
from conversations.services.broadcasts import choosing
from conversations.services.broadcasts.choosing import Choice
from tenants.serializers import StrictSerializer, TextField, WholeNumberField


class ContactsSerializer(StrictSerializer):
    """Which contacts of the inbox are meant: those who are all of it. Empty: everybody."""

    q = TextField(
        max_length=200, default="", allow_blank=True, help_text="In their name or number."
    )
    marketing = serializers.ChoiceField(
        choices=choosing.Marketing.choices,
        required=False,
        help_text="`NOT_STOPPED`: who has not stopped it; `AGREED`: who has allowed it since.",
    )
    status = serializers.ListField(
        child=serializers.ChoiceField(choices=Conversation.Status.choices),
        required=False,
        allow_empty=False,
        max_length=len(Conversation.Status.choices),
        help_text="One of their conversations is in one of these states.",
    )
    wrote_within_days = WholeNumberField(
        min_value=1,
        max_value=choosing.DAYS_MAX,
        required=False,
        help_text="In that conversation they wrote within so many days.",
    )


def choice_of(data: dict[str, Any]) -> Choice:
    """Return what valid data asks for."""
    return Choice(
        q=data["q"],
        marketing=data.get("marketing", ""),
        statuses=tuple(data.get("status", ())),
        wrote_within_days=data.get("wrote_within_days"),
    )
