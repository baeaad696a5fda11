"""What the API takes of what the team does with a conversation, and which of them a list has."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from conversations.listing import Choice
from conversations.models import Conversation
from tenants.permissions import Actor
from tenants.serializers import BIGINT_MAX, PageParameters, StrictSerializer, WholeNumberField

_STATES = Conversation.Status.values


class ConversationParameters(PageParameters):
    """Which conversations, and which page of them."""

    search = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="A part of the contact's name or number.",
    )
    status = serializers.RegexField(
        rf"\A({'|'.join(_STATES)})(,({'|'.join(_STATES)}))*\Z",
        required=False,
        help_text="One state, or several with commas between them; without it all but `ARCHIVED`.",
    )
    assignee = serializers.RegexField(
        r"\A(me|none|[1-9][0-9]{0,17})\Z",
        required=False,
        help_text="Whose: `me`, `none`, or somebody's id.",
    )
    unread = serializers.BooleanField(required=False, help_text="`true`: with something unread.")
    phone = serializers.IntegerField(
        min_value=1, max_value=BIGINT_MAX, required=False, help_text="Of one of your numbers."
    )
    contact = serializers.IntegerField(
        min_value=1, max_value=BIGINT_MAX, required=False, help_text="With one contact."
    )
    label = serializers.RegexField(  # type: ignore[assignment] # the API's word for it
        r"\A[1-9][0-9]{0,17}(,[1-9][0-9]{0,17}){0,9}\Z",
        required=False,
        help_text="With a label, or with all of several, by their ids with commas between them.",
    )


def choice(parameters: dict[str, Any], actor: Actor) -> Choice:
    """Return what the parameters choose. Raises: ValidationError: a program is nobody."""
    assignee = parameters.get("assignee")
    if assignee == "me" and actor.user is None:
        raise serializers.ValidationError({"assignee": [_("A program has no conversations.")]})
    own = actor.user.pk if actor.user is not None else None
    named = {"me": own, "none": None}
    return Choice(
        search=parameters["search"],
        unread_only=parameters.get("unread", False),
        statuses=tuple(filter(None, parameters.get("status", "").split(","))),
        assignee=None if assignee is None else named.get(assignee, _id(assignee)),
        unassigned=assignee == "none",
        phone=parameters.get("phone"),
        contact=parameters.get("contact"),
        labels=tuple(map(int, filter(None, parameters.get("label", "").split(",")))),
    )


def _id(text: str) -> int | None:
    return int(text) if text.isdigit() else None


class StatusSerializer(StrictSerializer):
    """The state that a conversation is to have."""

    schema_extra = {
        "if": {"properties": {"status": {"const": "SNOOZED"}}},
        "then": {"required": ["until"]},
        "else": {"properties": {"until": False}},
    }

    status = serializers.ChoiceField(choices=Conversation.Status.choices)
    until = serializers.DateTimeField(
        required=False, help_text="Of SNOOZED: when it is open again, within a year."
    )


class AssigneeSerializer(StrictSerializer):
    """Whose a conversation is to be."""

    user = WholeNumberField(
        min_value=1,
        max_value=BIGINT_MAX,
        required=False,
        help_text="Somebody who works here and may answer; without it, whoever asks.",
    )
    take_over = serializers.BooleanField(
        default=False, help_text="Whether to take it from somebody who has it."
    )
