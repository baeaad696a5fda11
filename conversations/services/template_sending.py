"""Queue a template: the only thing that may be sent to whom has not written for a day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import rules
from conversations.models import Contact, Conversation, Message
from conversations.rules import Lane
from conversations.services import enclosing, outbound
from conversations.services.composing import InvalidMessageError
from tenants.errors import DomainError
from tenants.feed.live import Draft
from tenants.permissions import Actor
from whatsapp import rendering
from whatsapp.models import MediaFile, MessageTemplate
from whatsapp.rendering import Field, Problem, Rendered, ValuesError
from whatsapp.services import templates

# The field of a header's file: a link, or the id of an upload.
HEADER_FILE = "header.media"


class TemplateNotApprovedError(DomainError):
    code = "template_not_approved"
    http_status = 409
    message = _("WhatsApp sends approved templates only, and this one is not.")


class TemplateUnknownError(DomainError):
    code = "template_unknown"
    http_status = 409
    message = _("This number has no template of that name and language.")


class OptedOutError(DomainError):
    code = "opted_out"
    http_status = 409
    message = _("This customer wants no marketing: this template may not be sent.")


class ValuesInvalidError(DomainError):
    """Values that Meta would refuse; ``context["errors"]`` has each place, sentence and code.

    ``problems`` says the same in no language, unless the trouble is a file.
    """

    code = "invalid"
    http_status = 400
    message = _("Some fields of the template are not filled in as WhatsApp wants it: see errors.")

    def __init__(self, *, errors: templates.Errors, problems: Sequence[Problem] = ()) -> None:
        super().__init__(errors=errors)
        self.problems = tuple(problems)


def shown_fields(template: MessageTemplate) -> list[Field]:
    """Return what people fill in, without the marks of buttons: these are for programs."""
    return [field for field in rendering.fields(template.definition) if field.kind != "payload"]


def label(field: Field) -> str:
    """Name a field in the active language."""
    words = gettext(field.label) % {"name": field.name}
    if not field.card:
        return words
    return gettext("Card %(number)d: %(label)s") % {"number": field.card, "label": words}


def send_template(
    *,
    actor: Actor,
    conversation: Conversation,
    template: MessageTemplate,
    values: Mapping[str, str],
    client_id: UUID,
    now: datetime,
    lane: Lane = Lane.REPLY,
    also: Sequence[Draft] = (),
) -> Message:
    """Queue a template, whether or not the window is open.

    ``values`` are by the keys of ``rendering.fields``. The same ``client_id`` again returns the
    first message. Locks the conversation's row. ``also`` is published with the message.

    Raises: ForbiddenError, TemplateUnknownError, TemplateNotApprovedError, OptedOutError,
    ValuesInvalidError (also for a file that will not do), PhoneInactiveError, ClientIdReusedError.
    """
    outbound.check_place(actor=actor)
    if template.waba_id != conversation.phone.waba_id:
        raise TemplateUnknownError
    if not template.is_sendable:
        raise TemplateNotApprovedError
    _check_consent(conversation, template)
    made = draft(actor=actor, template=template, values=values)
    made.client_id, made.lane = client_id, lane
    place = {"actor": actor, "conversation_id": conversation.pk, "now": now}
    return outbound.queue_draft(draft=made, also=also, **place)


def draft(*, actor: Actor, template: MessageTemplate, values: Mapping[str, str]) -> Message:
    """Return a template filled in: a message that is neither saved nor on its way to anybody.

    Raises: ValuesInvalidError.
    """
    rendered = _rendered(template, values)
    made = Message(
        type=Message.Type.TEMPLATE,
        text=rendered.text,
        content=rendered.payload,
        extras={"template": _shown(template, rendered)},
    )
    _enclose(actor, template, values.get(HEADER_FILE, ""), made)
    return made


def names_file(template: MessageTemplate, value: str) -> bool:
    """Tell whether what fills a template's header is the id of a file of ours."""
    return template.definition.header_format in rendering.MEDIA and value.isdecimal()


def file_of(*, actor: Actor, template: MessageTemplate, value: str) -> MediaFile | None:
    """Return the file that fills a template's header, where it is one of ours.

    Raises: ValuesInvalidError, for one that the actor may not see or that Meta would not take.
    """
    if not names_file(template, value):
        return None
    kind, path = template.definition.header_format.lower(), ("values", HEADER_FILE)
    try:
        file = enclosing.find(actor=actor, pk=int(value), path=path)
        enclosing.check(file, kind=kind, path=path)
    except InvalidMessageError as error:
        raise ValuesInvalidError(errors=error.context["errors"]) from None
    return file


def _enclose(actor: Actor, template: MessageTemplate, value: str, draft: Message) -> None:
    file = file_of(actor=actor, template=template, value=value)
    if file is None:
        return
    draft.media, kind = file, template.definition.header_format.lower()
    if kind == "document" and file.name:
        header = next(one for one in draft.content["components"] if one["type"] == "header")
        header["parameters"][0][kind]["filename"] = file.name


def _check_consent(conversation: Conversation, template: MessageTemplate) -> None:
    if template.category != MessageTemplate.Category.MARKETING:
        return
    contacts = Contact.objects.filter(pk=conversation.contact_id)
    if contacts.filter(marketing_opted_out_at__isnull=False).exists():
        raise OptedOutError


def _rendered(template: MessageTemplate, values: Mapping[str, str]) -> Rendered:
    clean = {rules.clean_text(key): rules.clean_text(value) for key, value in values.items()}
    try:
        return rendering.render(template.definition, clean)
    except ValuesError as error:
        told = templates.told(error.problems)
        raise ValuesInvalidError(errors=told, problems=error.problems) from None


def _shown(template: MessageTemplate, rendered: Rendered) -> dict[str, Any]:
    """Keep what the bubble shows: the template may be another one by the time it is looked at."""
    names = {"name": template.name, "language": template.language, "category": template.category}
    return {**names, **rendering.kept(rendered)}
