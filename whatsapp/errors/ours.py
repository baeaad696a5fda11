"""Reasons of our own: their codes are negative, so that none can be Meta's."""

from whatsapp.errors.meanings import Failure, Kind, Whose, setup, user
from whatsapp.errors.meanings import gettext_noop as _

NOT_PERMITTED = -1
QUOTA_REACHED = -2
ALREADY_ARRIVED = -3

# What a message says that was taken back before it left; it has no code.
CANCELLED = Failure(
    code=None,
    kind=Kind.USER,
    whose=Whose.US,
    title=_("Taken back before it was sent."),
    action="",
    may_help=True,
)

OURS: dict[int, Failure] = {
    **user(
        NOT_PERMITTED,
        whose=Whose.US,
        title=_("Whoever wrote this message may no longer send any."),
        action=_("Send it again in your own name, if it is still right."),
        may_help=True,
    ),
    **user(
        ALREADY_ARRIVED,
        whose=Whose.US,
        title=_("Not sent: the first attempt arrived after all."),
        action=_("There is nothing to do."),
    ),
    **setup(
        QUOTA_REACHED,
        title=_("Waiting: the messages of this month's plan are used up."),
        action=_(
            "It goes by itself when the next month begins (in UTC) or the plan grows, if the window"
            " is still open then. Take it back if it should not."
        ),
    ),
}
