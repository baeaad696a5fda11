"""What can be found about a number: by connecting it, by looking at it, by Meta's webhooks."""

from whatsapp.findings.grades import Finding, Grade, Verdict
from whatsapp.findings.grades import gettext_noop as _

STEPS: dict[str, str] = {
    "app": _("The Meta app"),
    "token": _("Access token"),
    "expiry": _("End of the token"),
    "scopes": _("Permissions"),
    "number": _("The number in its account"),
    "registration": _("Registration"),
    "subscription": _("Events of the account"),
    "claim": _("Connection"),
    "status": _("Status at WhatsApp"),
    "quality": _("Quality"),
    "name": _("Display name"),
    "limit": _("Messaging limit"),
    "throughput": _("Messages a second"),
    "platform": _("How it is used"),
    "callback": _("Where WhatsApp brings events"),
    "webhook": _("Last message or status"),
    "door": _("An event of our own"),
    "account": _("Business account"),
    "violation": _("WhatsApp's rules"),
    "restriction": _("Restriction"),
    "review": _("Review of the account"),
    "alert": _("WhatsApp's last alert"),
    "security": _("Security"),
}
_MANAGER = _("Look in WhatsApp Manager, and follow what it asks for.")
_NEW_TOKEN = _(
    "In Meta's Business settings create a token of a system user that has this app and this account"
    " assigned, and give it here."
)
# Of a call that ended badly, whatever it was about.
REFUSED = _("WhatsApp said: %(detail)s")
TABLE: dict[str, Finding] = {
    # --- the app and the token --------------------------------------------------------------------
    "app_ready": Finding(_("Events come in through the app %(app)s.")),
    "app_inactive": Finding(
        _("The Meta app of this number is switched off here."),
        _("Switch the app on again, or connect the number through another one."),
    ),
    "app_refused": Finding(
        _("Meta does not take our app's id and secret: %(detail)s"),
        _("Whoever runs this installation has to check the Meta app's id and secret."),
    ),
    "token_valid": Finding(_("Meta takes the token.")),
    "token_invalid": Finding(
        _("Meta does not take the token: it is wrong or was taken back."), _NEW_TOKEN
    ),
    "token_refused": Finding(_("WhatsApp refused the token in a call. %(detail)s"), _NEW_TOKEN),
    "token_of_other_app": Finding(
        _("The token was made for another Meta app."),
        _("Create the token for the app %(app)s, and give it here."),
    ),
    "token_unreadable": Finding(_("The stored token cannot be read."), _NEW_TOKEN),
    "token_for_ever": Finding(_("The token has no end.")),
    "token_ends": Finding(_("The token ends on %(date)s.")),
    "token_ends_soon": Finding(
        _("The token ends on %(date)s."),
        _("Replace it before: a system user's token without an end saves you the next time."),
    ),
    "token_ended": Finding(_("The token ended on %(date)s."), _NEW_TOKEN),
    "scopes_complete": Finding(_("The token may manage the account and send messages.")),
    "scopes_missing": Finding(
        _("The token lacks: %(missing)s."),
        _(
            "Create a token with both permissions, whatsapp_business_management and"
            " whatsapp_business_messaging."
        ),
    ),
    "scopes_elsewhere": Finding(
        _("The token may not touch the account %(waba_id)s."),
        _(
            "Assign the account to the system user (or take the right account's id), and create the"
            " token anew."
        ),
    ),
    # --- the number -------------------------------------------------------------------------------
    "number_found": Finding(_("%(number)s belongs to the account.")),
    "number_elsewhere": Finding(
        _("The account has no number with this id."),
        _("Take phone_number_id and WABA id from one page of the Meta app: WhatsApp, API setup."),
    ),
    "number_taken": Finding(
        _("This number is connected already."),
        _("Whoever has it has to disconnect it first."),
    ),
    "number_away": Finding(_("This number is not connected any more."), _("Connect it again.")),
    "number_hidden": Finding(
        _("Meta does not show us the number: %(detail)s"),
        _(
            "Check that the number still exists and that the token's system user has its account"
            " assigned; then replace the token."
        ),
    ),
    "account_hidden": Finding(
        _("Meta does not show us the account: %(detail)s"),
        _("Check the WABA id, and that the token's system user has this account assigned."),
    ),
    "number_connected": Finding(_("The number is connected.")),
    "token_stored": Finding(_("The new token is in use.")),
    "registered": Finding(_("The number is registered.")),
    "registered_now": Finding(_("The number has just been registered.")),
    "registered_by_app": Finding(
        _("The number is used with the WhatsApp Business app too, and is not registered here.")
    ),
    "pin_needed": Finding(
        _("The number is not registered on the Cloud API yet."),
        _("Give its six-digit PIN (a new one, if it never had any) and connect it again."),
    ),
    "registration_refused": Finding(
        _("WhatsApp did not register the number: %(detail)s"),
        _("Check the PIN. After several wrong ones WhatsApp makes you wait, up to three days."),
    ),
    "subscribed": Finding(_("WhatsApp tells our app what happens in this account.")),
    "subscribed_now": Finding(
        _("WhatsApp tells our app from now on what happens in this account.")
    ),
    "subscription_missing": Finding(
        _("WhatsApp does not tell our app what happens in this account: no message comes in."),
        _("Press “Repair and check”."),
    ),
    "subscription_refused": Finding(
        _("WhatsApp does not want to tell our app what happens in this account: %(detail)s"),
        _("Check that the token may manage the account, and try again."),
    ),
    "platform_cloud": Finding(_("On the Cloud API.")),
    "platform_app_too": Finding(
        _("On the Cloud API and in the WhatsApp Business app: 20 messages a second at most.")
    ),
    "platform_other": Finding(_("Not on the Cloud API: %(word)s."), _("Register the number.")),
    "status_connected": Finding(_("Connected.")),
    "status_pending": Finding(_("WhatsApp is still preparing the number: %(word)s."), _MANAGER),
    "status_limited": Finding(_("WhatsApp has put limits on the number: %(word)s."), _MANAGER),
    "status_off": Finding(_("WhatsApp has switched the number off: %(word)s."), _MANAGER),
    "status_other": Finding(_("WhatsApp says: %(word)s.")),
    "quality_green": Finding(_("High.")),
    "quality_yellow": Finding(
        _("Medium: customers have blocked or reported the number."),
        _("Write only to those who want it, and make it easy to say stop."),
    ),
    "quality_red": Finding(
        _("Low: many customers have blocked or reported the number."),
        _("Stop broadcasts for some days, and write only to those who want it."),
    ),
    "quality_unknown": Finding(_("Not rated yet.")),
    "name_approved": Finding(_("Approved.")),
    "name_pending": Finding(_("WhatsApp is still looking at it.")),
    "name_declined": Finding(
        _("WhatsApp has not approved it: %(word)s."),
        _("Choose another display name in WhatsApp Manager."),
    ),
    "name_other": Finding(_("WhatsApp says: %(word)s.")),
    "limit": Finding(_("Up to %(count)s customers a day may be written to first.")),
    "limit_unlimited": Finding(_("As many customers as you like may be written to first.")),
    "limit_unknown": Finding(_("WhatsApp does not say.")),
    "throughput": Finding(_("Up to %(rate)s.")),
    "throughput_unknown": Finding(_("WhatsApp does not say.")),
    "throughput_upgrade": Finding(_("WhatsApp allows more messages a second now.")),
    # --- events -----------------------------------------------------------------------------------
    "callback_ours": Finding(_("To this installation.")),
    "callback_elsewhere": Finding(
        _("To another address, set for the number or its account: %(uri)s"),
        _("Remove the override, unless somebody there passes the events on to us."),
    ),
    "webhook_minutes": Finding(_("%(count)s min before this check.")),
    "webhook_hours": Finding(_("%(count)s h before this check.")),
    "webhook_days": Finding(
        _("%(count)s days before this check."),
        _("If customers wrote since: write to the number from your own phone, and check again."),
    ),
    "webhook_never": Finding(
        _("No message or status of this number has come in yet."),
        _("Write a message to the number from your own phone, and check again."),
    ),
    "door_open": Finding(_("A signed event of our own came in and was stored.")),
    "door_slow": Finding(
        _("A signed event of our own came in, but nobody has stored it so far."),
        _("Whoever runs this installation has to see that the workers run."),
    ),
    "door_closed": Finding(
        _("A signed event of our own was not taken: %(detail)s"),
        _("Whoever runs this installation has to check the Meta app's secret."),
    ),
    "door_unreachable": Finding(
        _("From here, %(url)s could not be reached: %(detail)s"),
        _("See whether it can be reached from outside: WhatsApp has to."),
    ),
    # --- Meta's own words -------------------------------------------------------------------------
    "account_good": Finding(_("In order: %(word)s.")),
    "account_news": Finding(_("WhatsApp says: %(word)s.")),
    "account_warned": Finding(_("WhatsApp warns this business account: %(word)s."), _MANAGER),
    "account_restricted": Finding(
        _("WhatsApp has restricted this business account: %(word)s."), _MANAGER
    ),
    "account_off": Finding(
        _("This business account is switched off or no longer ours: %(word)s."),
        _("Appeal in WhatsApp Manager, or connect the number again."),
    ),
    "review_approved": Finding(_("Approved.")),
    "review_pending": Finding(_("Under way: %(word)s.")),
    "review_rejected": Finding(_("WhatsApp has rejected the account."), _MANAGER),
    "alert_told": Finding("%(word)s", _MANAGER),
    "alert_over": Finding(_("%(word)s: settled.")),
    "security_told": Finding(
        _("Somebody changed or asked for the number's PIN: %(word)s."),
        _("If it was none of you, change the PIN in WhatsApp Manager."),
    ),
    "unreachable": Finding(
        _("Meta could not be asked: %(detail)s"), _("It is tried again by itself.")
    ),
}
_OK, _WARNING, _PROBLEM = Grade.OK, Grade.WARNING, Grade.PROBLEM
# What a word of Meta's means, by matter; a word that is not listed is the one of "".
WORDS: dict[str, dict[str, Verdict]] = {
    "status": {
        "CONNECTED": Verdict(_OK, "status_connected"),
        **dict.fromkeys(("PENDING", "UNVERIFIED"), Verdict(_WARNING, "status_pending")),
        **dict.fromkeys(
            ("FLAGGED", "RESTRICTED", "RATE_LIMITED"), Verdict(_PROBLEM, "status_limited")
        ),
        **dict.fromkeys(
            ("BANNED", "DISCONNECTED", "DELETED", "MIGRATED"), Verdict(_PROBLEM, "status_off")
        ),
        "": Verdict(_OK, "status_other"),
    },
    "quality": {
        "GREEN": Verdict(_OK, "quality_green"),
        "YELLOW": Verdict(_WARNING, "quality_yellow"),
        "RED": Verdict(_PROBLEM, "quality_red"),
        "": Verdict(_OK, "quality_unknown"),
    },
    "name": {
        **dict.fromkeys(("APPROVED", "AVAILABLE_WITHOUT_REVIEW"), Verdict(_OK, "name_approved")),
        **dict.fromkeys(("PENDING_REVIEW", "PENDING", "DEFERRED"), Verdict(_OK, "name_pending")),
        **dict.fromkeys(("DECLINED", "REJECTED", "EXPIRED"), Verdict(_WARNING, "name_declined")),
        "": Verdict(_OK, "name_other"),
    },
    "limit": {
        **dict.fromkeys(("TIER_UNLIMITED", "UNLIMITED"), Verdict(_OK, "limit_unlimited")),
        "UNKNOWN": Verdict(_OK, "limit_unknown"),
        "": Verdict(_OK, "limit"),
    },
    "throughput": {
        **dict.fromkeys(("STANDARD", "HIGH"), Verdict(_OK, "throughput")),
        "": Verdict(_OK, "throughput_unknown"),
    },
    "platform": {
        "CLOUD_API": Verdict(_OK, "platform_cloud"),
        "COEXISTENCE": Verdict(_OK, "platform_app_too"),
        "": Verdict(_PROBLEM, "platform_other"),
    },
    "account": {
        **dict.fromkeys(
            ("ACCOUNT_RECONNECTED", "REINSTATE", "PARTNER_ADDED", "PARTNER_APP_INSTALLED"),
            Verdict(_OK, "account_good"),
        ),
        "SCHEDULE_FOR_DISABLE": Verdict(_WARNING, "account_warned"),
        **dict.fromkeys(
            (
                *("ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "DISABLE"),
                *("PARTNER_REMOVED", "PARTNER_APP_UNINSTALLED"),
            ),
            Verdict(_PROBLEM, "account_off"),
        ),
    },
    "violation": {"": Verdict(_WARNING, "account_warned")},
    "restriction": {"": Verdict(_PROBLEM, "account_restricted")},
    "review": {
        "APPROVED": Verdict(_OK, "review_approved"),
        "REJECTED": Verdict(_PROBLEM, "review_rejected"),
        "": Verdict(_OK, "review_pending"),
    },
    "security": {"": Verdict(_WARNING, "security_told")},
}


def judge(matter: str, word: str) -> Verdict | None:
    """Return what a word of Meta's means; None where it says nothing about the number's state."""
    words = WORDS[matter]
    return words.get(word) or words.get("")
