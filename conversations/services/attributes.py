"""What a tenant keeps of its contacts: the definitions, and whether a value fits one."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Func, QuerySet, Value
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from conversations import rules
from conversations.models import Contact, ContactAttribute
from tenants import audit
from tenants.errors import DomainError, NotFoundError
from tenants.permissions import Actor, Permission

Kind = ContactAttribute.Kind
ATTRIBUTES_MAX = 50
CHOICES_MAX = 50
TEXT_MAX_CHARACTERS = 500
NUMBER_MAX = 10**15
_SENTENCES: dict[str, str | Promise] = {
    Kind.TEXT: _("This takes a text of up to 500 characters."),
    Kind.NUMBER: _("This takes a number."),
    Kind.DATE: _("This takes a date, as 2026-11-27."),
    Kind.BOOLEAN: _("This takes true or false."),
    Kind.CHOICE: _("This takes one of its choices."),
}


class AttributeExistsError(DomainError):
    code = "attribute_exists"
    http_status = 409
    message = _("There is an attribute with this key already.")


class TooManyAttributesError(DomainError):
    code = "too_many_attributes"
    http_status = 409
    message = _("There are 50 attributes already: delete one first.")


class ChoicesError(DomainError):
    code = "attribute_choices"
    http_status = 400
    message = _("One of a list has 1 to 50 different choices; the other kinds have none.")


class AttributeInUseError(DomainError):
    """Deleting it forgets what contacts have of it; whoever asks may say that this is meant."""

    code = "attribute_in_use"
    http_status = 409

    def __init__(self, count: int) -> None:
        sentence = ngettext(
            "%(count)d contact has a value of this.",
            "%(count)d contacts have a value of this.",
            count,
        )
        super().__init__(sentence % {"count": count})


class ValuesError(DomainError):
    """Names each attribute that does not exist or does not take its value."""

    code = "invalid"
    http_status = 400
    message = _("Some of what was sent is not valid: see errors.")


def create(
    *, actor: Actor, key: str, label: str, kind: str, choices: Sequence[str] = ()
) -> ContactAttribute:
    """Define an attribute.

    Raises: ForbiddenError, ChoicesError, AttributeExistsError, TooManyAttributesError.
    """
    actor.require(Permission.MANAGE_ATTRIBUTES)
    _check_choices(kind, choices)
    if ContactAttribute.objects.count() >= ATTRIBUTES_MAX:
        raise TooManyAttributesError
    made = ContactAttribute(key=key, label=label, kind=kind, choices=list(choices))
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise AttributeExistsError from error
    return made


@transaction.atomic
def change(
    *,
    actor: Actor,
    attribute: ContactAttribute,
    label: str | None = None,
    choices: Sequence[str] | None = None,
) -> ContactAttribute:
    """Change how it is read, or what may be chosen: what contacts have of it stays as it is.

    Raises: ForbiddenError, ChoicesError, NotFoundError.
    """
    actor.require(Permission.MANAGE_ATTRIBUTES)
    row = _held(attribute.pk)
    if choices is not None:
        _check_choices(row.kind, choices)
        row.choices = list(choices)
    row.label = row.label if label is None else label
    row.save(update_fields=["label", "choices"])
    return row


@transaction.atomic
def delete(*, actor: Actor, attribute: ContactAttribute, with_values: bool = False) -> int:
    """Delete an attribute with every value of it; say how many contacts had one.

    Raises: ForbiddenError, NotFoundError; AttributeInUseError while some have one, unless that is
    meant.
    """
    actor.require(Permission.MANAGE_ATTRIBUTES)
    _held(attribute.pk)
    have = _with_value(attribute)
    count = have.count()
    if count and not with_values:
        raise AttributeInUseError(count)
    audit.record(
        actor=actor.user,
        action="contact_attribute.deleted",
        target=attribute,
        tenant=actor.tenant,
        changes={"contacts": count},
    )
    # In one order: the rivals are merges.
    ids = list(have.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    without = Func("attributes", Value(attribute.key), template="%(expressions)s", arg_joiner=" - ")
    Contact.objects.filter(pk__in=ids).update(attributes=without)
    ContactAttribute.objects.filter(pk=attribute.pk).delete()
    return count


def kept(keys: Iterable[str]) -> dict[str, ContactAttribute]:
    """Return the attributes of these keys, which stay until the caller's transaction has ended.

    To be called before a contact is locked, as deleting one locks them.
    """
    # Rival: an admin who deletes one, and would not see a value that is being written.
    rows = ContactAttribute.objects.select_for_update(no_key=True)
    return {one.key: one for one in rows.filter(key__in=list(keys)).order_by("pk")}


def merged(
    values: Mapping[str, Any],
    changes: Mapping[str, Any],
    known: Mapping[str, ContactAttribute],
) -> dict[str, Any]:
    """Return a contact's values with changes; None takes one away. ``known`` is what is ``kept``.

    Raises: ValuesError, with the place of each that has no attribute, or does not fit it.
    """
    faults = [
        (["attributes", key], str(fault), code)
        for key, value in changes.items()
        if (fault := _fault(known.get(key), value))
        for code in ["invalid" if key in known else "unknown"]
    ]
    if faults:
        raise ValuesError(errors=faults)
    new = {**values, **{key: _cleaned(value) for key, value in changes.items()}}
    return {key: value for key, value in new.items() if value is not None}


def hold(attribute_id: int) -> None:
    """Let nobody else change or delete an attribute before the caller's transaction has ended.

    Raises: NotFoundError.
    """
    _held(attribute_id)


def _held(attribute_id: int) -> ContactAttribute:
    # Rivals: another admin, and whoever writes a value of it.
    row = ContactAttribute.objects.select_for_update().filter(pk=attribute_id).first()
    if row is None:
        raise NotFoundError
    return row


def _fault(attribute: ContactAttribute | None, value: Any) -> str | Promise | None:
    if attribute is None:
        return _("There is no such attribute.")
    if value is None or _FITS[Kind(attribute.kind)](attribute, value):
        return None
    return _SENTENCES[attribute.kind]


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= NUMBER_MAX


_FITS = {
    Kind.TEXT: lambda _, value: isinstance(value, str) and 0 < len(value) <= TEXT_MAX_CHARACTERS,
    Kind.NUMBER: lambda _, value: _is_number(value),
    Kind.DATE: lambda _, value: _is_date(value),
    Kind.BOOLEAN: lambda _, value: isinstance(value, bool),
    Kind.CHOICE: lambda attribute, value: value in attribute.choices,
}


def _cleaned(value: Any) -> Any:
    return rules.clean_text(value) if isinstance(value, str) else value


def _check_choices(kind: str, choices: Sequence[str]) -> None:
    most = CHOICES_MAX if kind == Kind.CHOICE else 0
    least = 1 if kind == Kind.CHOICE else 0
    if not least <= len(choices) <= most or len(set(choices)) < len(choices):
        raise ChoicesError


def _with_value(attribute: ContactAttribute) -> QuerySet[Contact]:
    return Contact.objects.filter(attributes__has_key=attribute.key)
