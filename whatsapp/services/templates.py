"""What people do with templates. Nothing here calls Meta: each act becomes a job."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import audit
from tenants.errors import DomainError
from tenants.permissions import Actor, Permission
from whatsapp import rendering
from whatsapp.models import Job, MessageTemplate, Phone
from whatsapp.payloads import cleaning
from whatsapp.rendering import Problem
from whatsapp.services import jobs, samples

_GONE = {MessageTemplate.Status.DISABLED, MessageTemplate.Status.DELETED}
Errors = list[tuple[tuple[str, ...], str, str]]


class TemplateInvalidError(DomainError):
    """Something that Meta would refuse; ``context["errors"]`` has each place, sentence and code."""

    code = "invalid"
    http_status = 400
    message = _("WhatsApp would refuse this template: see errors.")

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(errors=told(problems))


class NoAccountError(DomainError):
    code = "no_account"
    http_status = 409
    message = _("No number of this account is connected.")


class TemplateExistsError(DomainError):
    code = "template_exists"
    http_status = 409
    message = _("There is a template of this name in this language already.")


class TemplateLockedError(DomainError):
    code = "template_locked"
    http_status = 409
    message = _("WhatsApp does not let a template be changed in this state.")


def told(problems: list[Problem]) -> Errors:
    """Put problems into sentences of the active language."""
    return [(one.place, gettext(one.sentence) % one.values, one.code) for one in problems]


def findings(template: dict[str, Any]) -> Errors:
    """Return what WhatsApp would refuse of a template, in sentences of the active language."""
    return told(rendering.lint(cleaning.clean(template)))


def sync(*, actor: Actor) -> list[Job]:
    """Fetch the templates of every account of the tenant; a sync that waits is not doubled.

    Raises: ForbiddenError, NoAccountError.
    """
    actor.require(Permission.SYNC_TEMPLATES)
    phones = Phone.objects.filter(status=Phone.Status.ACTIVE).order_by("waba_id")
    accounts = list(phones.values_list("waba_id", flat=True).distinct())
    if not accounts:
        raise NoAccountError
    return [_start(actor, Job.Kind.TEMPLATES_SYNC, waba_id) for waba_id in accounts]


def create(*, actor: Actor, waba_id: str, template: dict[str, Any]) -> Job:
    """Hand a new template in for review.

    Raises: ForbiddenError, NoAccountError, TemplateInvalidError, TemplateExistsError.
    """
    actor.require(Permission.MANAGE_TEMPLATES)
    _check_account(waba_id)
    template = cleaning.clean(template)
    _check(template, actor)
    known = MessageTemplate.objects.filter(
        waba_id=waba_id, name=template["name"], language=template["language"]
    )
    if known.exclude(status=MessageTemplate.Status.DELETED).exists():
        raise TemplateExistsError
    return _start(actor, Job.Kind.TEMPLATE_CREATE, waba_id, template)


def edit(*, actor: Actor, template: MessageTemplate, components: Any) -> Job:
    """Replace a template's parts, all of them.

    Raises: ForbiddenError, NoAccountError, TemplateInvalidError, TemplateLockedError.
    """
    actor.require(Permission.MANAGE_TEMPLATES)
    _check_account(template.waba_id)
    if not template.is_editable:
        raise TemplateLockedError
    components = cleaning.clean(components)
    whole = {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "parameter_format": template.parameter_format,
        "components": components,
    }
    _check(whole, actor)
    arguments = {
        "name": template.name,
        "template_id": template.template_id,
        "changes": {"components": components},
    }
    return _start(actor, Job.Kind.TEMPLATE_EDIT, template.waba_id, arguments)


def delete(*, actor: Actor, template: MessageTemplate, all_languages: bool = False) -> Job:
    """Delete a template in its own language, or its name in all of them.

    The job's ``languages`` are those that go, as far as they are known here.
    Raises: ForbiddenError, NoAccountError, TemplateLockedError.
    """
    actor.require(Permission.MANAGE_TEMPLATES)
    _check_account(template.waba_id)
    # Without its id Meta would delete every language of the name.
    if template.status in _GONE or not template.template_id:
        raise TemplateLockedError
    template_id = "" if all_languages else template.template_id
    going = languages_of(template) if all_languages else [template.language]
    arguments = {"name": template.name, "template_id": template_id, "languages": going}
    return _start(actor, Job.Kind.TEMPLATE_DELETE, template.waba_id, arguments)


def languages_of(template: MessageTemplate) -> list[str]:
    """Return the languages that a template's name has."""
    rows = MessageTemplate.objects.filter(waba_id=template.waba_id, name=template.name)
    known = rows.exclude(status=MessageTemplate.Status.DELETED)
    return list(known.order_by("language").values_list("language", flat=True))


def _check(template: dict[str, Any], actor: Actor) -> None:
    problems = rendering.lint(template)
    if not problems:
        problems = samples.problems(actor=actor, components=template["components"])
    if problems:
        raise TemplateInvalidError(problems)


def _check_account(waba_id: str) -> None:
    if not Phone.objects.filter(waba_id=waba_id, status=Phone.Status.ACTIVE).exists():
        raise NoAccountError


def _start(
    actor: Actor, kind: Job.Kind, waba_id: str, arguments: dict[str, Any] | None = None
) -> Job:
    job = jobs.start(
        author=actor.user,
        kind=kind,
        subject=waba_id,
        arguments=arguments,
        single=kind == Job.Kind.TEMPLATES_SYNC,
    )
    if kind != Job.Kind.TEMPLATES_SYNC:
        action = f"template.{kind.value.removeprefix('TEMPLATE_').lower()}_asked"
        audit.record(actor=actor.user, action=action, target=job, tenant=actor.tenant)
    return job
