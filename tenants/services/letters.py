"""What letters say, in their readers' languages."""

from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from tenants import context
from tenants.models import Membership, Tenant
from tenants.services import mail


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter's subject and text."""

    subject: str
    body: str


def invitation(*, tenant: Tenant, role: str, link: str, days: int, language: str) -> Letter:
    """Ask somebody to work for a tenant."""
    values = {"name": mail.one_line(tenant.name), "days": days}
    with translation.override(language):
        paragraphs = (
            _("%(name)s invites you to work with its team on Balcão.") % values,
            _("Your role: %(role)s") % {"role": Membership.Role(role).label},
            _("Open this link to come in. It works once, and for %(days)d days:") % values,
            link,
            _("If you do not know what this is about, do nothing."),
        )
        return Letter(_("%(name)s invites you") % values, _text(*paragraphs))


def password(*, tenant: Tenant, link: str, language: str) -> Letter:
    """Bring a link to choose a new password with."""
    values = {"name": mail.one_line(tenant.name)}
    with translation.override(language):
        paragraphs = (
            _("Somebody asked for a new password for your account at %(name)s.") % values,
            _("Open this link to choose one. It works once, and for an hour:"),
            link,
            _("If it was not you, do nothing: your password stays as it is."),
        )
        return Letter(_("Choose a new password") + f" · {values['name']}", _text(*paragraphs))


def requests_used(*, tenant: Tenant, percent: int, limit: int) -> Letter:
    """Say how much of an hour's requests is used."""
    words = {"tenant": mail.one_line(tenant.name), "percent": percent, "limit": limit}
    text = _(
        "%(percent)s %% of the %(limit)s requests that the plan of %(tenant)s has for an hour are"
        " used. When they are used up, programs are refused until the hour is over; pages work as"
        " always, and what customers write comes in. More fit into a larger plan."
    )
    subject = _("%(tenant)s: %(percent)s %% of the API requests of this hour") % words
    return Letter(subject, _text(text % words))


def webhook_off(*, tenant: Tenant, url: str, why: str, link: str) -> Letter:
    """Say that an address is told no more."""
    words = {"tenant": mail.one_line(tenant.name), "url": url}
    paragraphs = (
        _("The programs behind %(url)s are told no more of what happens at %(tenant)s.") % words,
        why,
        _("What waited for this address goes on when you switch it on again:"),
        link,
    )
    return Letter(_("%(tenant)s: a webhook was switched off") % words, _text(*paragraphs))


def post_to_admins(*, tenant: Tenant, letter: Letter) -> None:
    """Write to each admin of a tenant, in the caller's transaction; to nobody without mail."""
    if not settings.MAIL_IS_SET_UP:
        return
    with context.platform():
        admins = Membership.objects.filter(
            tenant=tenant, role=Membership.Role.ADMIN, user__is_active=True
        )
        for address in admins.order_by("pk").values_list("user__email", flat=True):
            mail.post(to=address, subject=letter.subject, body=letter.body, tenant=tenant)


def _text(*paragraphs: object) -> str:
    return "\n\n".join(map(str, paragraphs)) + "\n"
