"""Codes that concern the account, the number or the pace of its calls."""

from whatsapp.errors.meanings import Answer, Failure, Wait, Whose, retry, setup
from whatsapp.errors.meanings import gettext_noop as _

ACCESS: dict[int, Failure] = {
    **setup(
        *(0, 190),
        title=_("The number's connection to WhatsApp is no longer valid."),
        action=_("An admin has to reconnect the number; then send the message again."),
        answer=Answer.TOKEN,
    ),
    **setup(
        *(3, 10, 104, *range(200, 300), 131005),
        title=_("WhatsApp does not let us use this number: a permission is missing."),
        action=_("An admin has to reconnect the number with all permissions."),
    ),
    **setup(
        33,
        title=_("WhatsApp no longer knows this number."),
        action=_("An admin has to connect the number again."),
    ),
    **setup(
        *(368, 131031),
        title=_("WhatsApp has restricted or locked this business account."),
        action=_("An admin has to see in WhatsApp Manager what is restricted, and appeal there."),
    ),
    **setup(
        131037,
        title=_("The number's display name is not approved."),
        action=_("An admin has to get a display name approved in WhatsApp Manager."),
    ),
    **setup(
        *(131042, 131044),
        title=_("There is a problem with how this account pays WhatsApp."),
        action=_("An admin has to check the payment method in WhatsApp Manager."),
    ),
    **setup(
        *(131045, 133000, 133006, 133010),
        title=_("The number is not registered at WhatsApp."),
        action=_("An admin has to register the number again."),
    ),
    **setup(
        *(133005, 133008, 133009, 133016, 136024, 136025),
        title=_("The number could not be registered or verified."),
        action=_("An admin has to check the PIN or the code, and wait before the next try."),
    ),
    **setup(
        131030,
        title=_("A test number may write only to the recipients on its list."),
        action=_("An admin has to add the customer to the list at Meta, or connect a real number."),
    ),
    **setup(
        131048,
        title=_("WhatsApp holds this number back: complaints, or too many new people in a day."),
        action=_("Send nothing that customers did not ask for, and try again tomorrow."),
    ),
    **setup(
        131064,
        title=_("WhatsApp limits what this number may send, after complaints about it."),
        action=_("Send nothing that customers did not ask for, and try again tomorrow."),
    ),
    **setup(
        134011,
        title=_("WhatsApp's terms for payments have not been accepted."),
        action=_("An admin has to accept them in WhatsApp Manager."),
    ),
    **setup(
        *(131063, 134100, 134102),
        title=_("Marketing messages are not enabled for this account."),
        action=_("An admin has to check the marketing settings in WhatsApp Manager."),
    ),
    **setup(
        *(139200, 2388318, 2388330),
        title=_("WhatsApp does not let this account write without a template."),
        action=_("Send a template."),
    ),
    **setup(
        *(2388019, 1752041, 2388012, 2388091, 2388093, 2388103),
        title=_("WhatsApp refused to change this account."),
        action=_("An admin has to check templates and numbers in WhatsApp Manager."),
    ),
}
TIME: dict[int, Failure] = {
    **retry(
        *(1, 131000),
        whose=Whose.WHATSAPP,
        title=_("Something went wrong at WhatsApp."),
        action=_("Ask the customer whether the message came, or send it again in a few minutes."),
        wait=Wait(60, 1800),
        answer=Answer.MAYBE,
    ),
    **retry(
        *(2, 131016),
        whose=Whose.WHATSAPP,
        title=_("WhatsApp was not available for a moment."),
        action=_("Ask the customer whether the message came, or send it again in a few minutes."),
        wait=Wait(5, 600),
        answer=Answer.MAYBE,
    ),
    **retry(
        *(4, 80007),
        whose=Whose.US,
        title=_("This account has used up its calls to WhatsApp for now."),
        action=_("Wait up to an hour, then send the message again."),
        wait=Wait(60, 3600),
        answer=Answer.LATER,
    ),
    **retry(
        *(613, 130429),
        whose=Whose.US,
        title=_("Too many messages were sent at once."),
        action=_("Wait a moment, then send the message again."),
        wait=Wait(1, 60),
        answer=Answer.LATER,
    ),
    **retry(
        131056,
        whose=Whose.US,
        title=_("Too many messages were sent to this customer in a short time."),
        action=_("Wait a minute, then send the message again."),
        wait=Wait(4, 1024, factor=4, pair=True),
        answer=Answer.LATER,
    ),
    **retry(
        131057,
        whose=Whose.WHATSAPP,
        title=_("WhatsApp is doing maintenance on this number."),
        action=_("Wait a few minutes, then send the message again."),
        wait=Wait(60, 300),
        answer=Answer.LATER,
    ),
    **retry(
        *(133004, 133015, 134101, 2494100),
        whose=Whose.WHATSAPP,
        title=_("WhatsApp is still preparing this number."),
        action=_("Wait ten minutes, then send the message again."),
        wait=Wait(600, 3600),
    ),
    **retry(
        *(139102, 139103),
        whose=Whose.WHATSAPP,
        title=_("WhatsApp could not change the list of blocked customers just now."),
        action=_("Try again in a few minutes."),
        wait=Wait(5, 300),
        answer=Answer.LATER,
    ),
    **retry(
        131053,
        whose=Whose.US,
        title=_("WhatsApp could not take the file."),
        action=_("Check the kind and the size of the file, and send it again."),
        wait=Wait(60, 600, pair=True),
    ),
    **retry(
        132015,
        whose=Whose.SETUP,
        title=_("WhatsApp has paused this template, because customers did not want it."),
        action=_("Choose another template, or wait until it is active again."),
        wait=Wait(10_800, 21_600, pair=True),
    ),
    **retry(
        132069,
        whose=Whose.SETUP,
        title=_("This flow may only be sent a few times an hour."),
        action=_("Wait an hour, then send the message again."),
        wait=Wait(3600, 3600, pair=True),
    ),
}
