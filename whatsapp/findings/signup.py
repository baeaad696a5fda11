"""What can be found when somebody signs up at Meta from our page."""

from whatsapp.findings.grades import Finding
from whatsapp.findings.grades import gettext_noop as _

STEPS: dict[str, str] = {"code": _("Sign-up at Meta")}
_AGAIN = _("Start the sign-up again: nothing is changed here.")
TABLE: dict[str, Finding] = {
    "code_exchanged": Finding(_("Meta has handed out a token for the account.")),
    "code_expired": Finding(
        _("The sign-up took too long to reach us: Meta's code is good for 30 seconds."), _AGAIN
    ),
    "code_refused": Finding(
        _("Meta did not take the code of the sign-up: it is used up or too old. %(detail)s"), _AGAIN
    ),
    "code_lost": Finding(_("Meta did not answer clearly, and its code works only once."), _AGAIN),
}
