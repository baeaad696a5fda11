"""Codes that concern the customer or the message itself."""

from whatsapp.errors.meanings import Failure, Whose, permanent, setup, user
from whatsapp.errors.meanings import gettext_noop as _

CUSTOMER: dict[int, Failure] = {
    **user(
        130403,
        whose=Whose.US,
        title=_("This customer is blocked on your number."),
        action=_("Unblock the customer, then send the message again."),
        may_help=True,
    ),
    **user(
        131049,
        whose=Whose.WHATSAPP,
        title=_("WhatsApp held this message back: the customer gets enough marketing already."),
        action=_("Wait a day or longer, or wait until the customer writes."),
    ),
    **user(
        131050,
        whose=Whose.CUSTOMER,
        title=_("The customer does not want marketing messages from you."),
        action=_("Send no marketing to this customer."),
    ),
    **user(
        137000,
        whose=Whose.CUSTOMER,
        title=_("The customer's account has changed, and nobody has confirmed who they are."),
        action=_("Make sure who the customer is before you send anything personal."),
    ),
    **permanent(
        131026,
        whose=Whose.CUSTOMER,
        title=_("The message could not be delivered to this customer."),
        action=_("They may have no WhatsApp, or an old one. Try to reach them another way."),
    ),
    **permanent(
        130472,
        whose=Whose.WHATSAPP,
        title=_("WhatsApp does not deliver marketing to this customer, as part of an experiment."),
        action=_("Wait until the customer writes, or reach them another way."),
    ),
    **permanent(
        130497,
        whose=Whose.WHATSAPP,
        title=_("WhatsApp does not let this account write to the customer's country."),
        action=_("Reach the customer another way."),
    ),
    **permanent(
        131047,
        whose=Whose.CUSTOMER,
        title=_("The customer has not written for 24 hours: free replies are closed."),
        action=_("Send a template, or wait until the customer writes."),
    ),
    **permanent(
        131021,
        whose=Whose.US,
        title=_("A number cannot write to itself."),
        action=_("Choose another recipient."),
    ),
    **permanent(
        131062,
        whose=Whose.CUSTOMER,
        title=_("This kind of message can only be sent to a phone number, and none is known."),
        action=_("Ask the customer for their number."),
    ),
    **permanent(
        *(131052, 131060),
        whose=Whose.CUSTOMER,
        title=_("What the customer sent could not be read."),
        action=_("Ask the customer to send it again, perhaps smaller."),
    ),
}
MESSAGE: dict[int, Failure] = {
    **permanent(
        *(100, 131008, 131009, 131051, 135000),
        whose=Whose.US,
        title=_("WhatsApp did not understand this message."),
        action=_("Write it in another way; if that fails too, tell your admin."),
    ),
    **permanent(
        *(131020, 131041, 131059, *range(131200, 131216)),
        whose=Whose.US,
        title=_("The message could not be sent to this group."),
        action=_("Write to the customer directly."),
    ),
    **permanent(
        131055,
        whose=Whose.SETUP,
        title=_("This way of sending takes marketing templates only."),
        action=_("Choose a marketing template."),
    ),
    **permanent(
        *(132000, 132005, 132008, 132012, 132018),
        whose=Whose.US,
        title=_("The values do not fit the template."),
        action=_("Fill in the template again, and check every value."),
    ),
    **permanent(
        *(132001, 132016),
        whose=Whose.SETUP,
        title=_("The template does not exist in this language, or is not approved."),
        action=_("Choose another template; an admin can look after this one."),
    ),
    **permanent(
        132007,
        whose=Whose.SETUP,
        title=_("The template breaks WhatsApp's rules for content."),
        action=_("Choose another template; an admin can have this one changed."),
    ),
    **setup(
        132068,
        title=_("WhatsApp has blocked this flow."),
        action=_("Send the message without the flow."),
    ),
    **permanent(
        *(*range(138000, 138019), *range(139000, 139005)),
        *(*range(147001, 147006), *range(200005, 200008), 2494055),
        whose=Whose.WHATSAPP,
        title=_("WhatsApp refused what was asked of it."),
        action=_("See the details, and tell your admin."),
    ),
    **permanent(
        139100,
        whose=Whose.US,
        title=_("WhatsApp did not block or unblock this customer."),
        action=_("Only who wrote within the last 24 hours can be blocked."),
    ),
    **permanent(
        139101,
        whose=Whose.US,
        title=_("No more customers can be blocked on this number: 64,000 are WhatsApp's limit."),
        action=_("Unblock some of them first."),
    ),
    **permanent(
        *(2388023, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299),
        whose=Whose.SETUP,
        title=_("WhatsApp does not accept the template in this form."),
        action=_("An admin has to change the template."),
    ),
    **permanent(
        *(2593107, 2593108, 2593109),
        whose=Whose.SETUP,
        title=_("The chats of the WhatsApp Business app cannot be brought over."),
        action=_("An admin has to connect the number again to ask for them once more."),
    ),
}
