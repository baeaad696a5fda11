"""What letters say, in their readers' languages."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

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


def _text(*paragraphs: object) -> str:
    return "\n\n".join(map(str, paragraphs)) + "\n"
