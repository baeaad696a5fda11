"""What the API takes and gives of the numbered changes."""

from typing import Any

from rest_framework import serializers

from tenants.feed.models import Change
from tenants.serializers import BIGINT_MAX, StrictSerializer


class ChangesParameters(StrictSerializer):
    """After which change, and how many."""

    after = serializers.IntegerField(
        min_value=0,
        max_value=BIGINT_MAX,
        required=False,
        help_text="The number of the last change that you know. Without it `last_seq` is told only:"
        " ask for it before you read everything for the first time.",
    )
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=500)


class ChangeSerializer(serializers.Serializer[Any]):
    """Something is different now: read it anew."""

    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(
        choices=Change.Kind.choices,
        help_text="`ARRIVAL`: a message came; `STATUS`: one of ours went on; `MESSAGE`: one is new"
        " or other; `CONVERSATION`, `BROADCAST`, `CONTACT`, `TEMPLATE`, `NUMBER`: it is other;"
        " `OPENED`, `CLOSED`, `ASSIGNED`, `LABELLED`: a conversation was; `CONTACT_NEW`,"
        " `CONTACT_MERGED`: a contact came, or leads to another one.",
    )
    id = serializers.SerializerMethodField(help_text="Of what the kind names.")
    conversation = serializers.IntegerField(
        source="conversation_id", allow_null=True, help_text="The one that it belongs to, if any."
    )
    at = serializers.DateTimeField()

    def get_id(self, change: Change) -> int | None:
        own = change.message_id or change.broadcast_id or change.subject_id
        return own or change.conversation_id


class ChangesSerializer(serializers.Serializer[Any]):
    """Changes in order. Go on with the last one's number until it is `last_seq`."""

    results = ChangeSerializer(source="rows", many=True)
    last_seq = serializers.IntegerField(help_text="The newest number that there is.")
    reset = serializers.BooleanField(
        help_text="Whether nobody knows any more what changed since: read everything anew."
    )
