"""Invitations for tests, and the links in letters that were sent."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.core import mail as sent
from django.utils import timezone

from tenants import context, secrets
from tenants.models import Invitation, Mail
from tenants.permissions import Actor
from tenants.services import invitations

LINK = re.compile(r"(https?://[^/\s]+)/(invitation|password)/([\w-]{40,})")


def invited(actor: Actor, email: str = "bia@example.com", **fields: Any) -> Invitation:
    """Invite somebody."""
    wish = {"role": "OPERATOR", "language": "en", "now": timezone.now(), **fields}
    return invitations.invite(actor=actor, email=email, **wish)


def letters_to(email: str) -> list[str]:
    """Return the texts of letters to an address, the newest first, sent or not."""
    with context.platform():
        rows = Mail.objects.filter(to__iexact=email).order_by("-id")
        sealed = [row.body_sealed for row in rows if row.body_sealed]
    place = {"tenant": secrets.PLATFORM, "table": "tenants_mail", "column": "body"}
    left = [
        message.body for message in reversed(getattr(sent, "outbox", [])) if email in message.to
    ]
    return [secrets.open(text, **place) for text in sealed] + left


def token_to(email: str) -> str:
    """Return the token of the newest letter to an address."""
    found = LINK.search(letters_to(email)[0])
    assert found
    return found[3]


def link_of(invitation: Invitation) -> str:
    """Return the token of an invitation's newest letter."""
    return token_to(invitation.email)


def later(**fields: float) -> datetime:
    return timezone.now() + timedelta(**fields)
