"""The jobs that connect a number and that replace its token: each step is proved before the next.

A number is claimed at the very end, so nothing half-connected remains, and nobody can claim a
number whose account does not trust him.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from tenants import context
from tenants.errors import DomainError
from whatsapp.client.numbers import Numbers, RemoteNumber
from whatsapp.errors import RefusedError, TokenError
from whatsapp.findings import Grade
from whatsapp.models import Job, Phone
from whatsapp.services import health, jobs, kinds, numbers, verifying
from whatsapp.services.facts import Fact
from whatsapp.services.kinds import JobKind, Work
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps


@dataclass(frozen=True, slots=True)
class Proof:
    """What Meta said before anything was stored."""

    app: MetaApp
    token: str
    number: RemoteNumber
    facts: list[Fact]
    at: datetime


def look_at_token(work: Work, app: MetaApp, token: str, *, waba_id: str) -> list[Fact]:
    """Ask Meta, as the app, what a token may do. Raises: StepFailedError, CloudApiError."""
    work.begin("token")
    secret = apps.opened(app=app, column="app_secret")
    if not secret:
        work.fail("token", "app_refused", detail="")
    at = timezone.now()
    try:
        seen = Numbers(work.client(f"{app.app_id}|{secret}")).token(token)
    except RefusedError as error:
        code = "token_of_other_app" if error.code == 100 else "app_refused"
        work.fail("token", code, detail=error.detail, app=app.name)
    except TokenError as error:
        work.fail("token", "app_refused", detail=error.detail)
    if seen.app_id not in {"", app.app_id}:
        work.fail("token", "token_of_other_app", app=app.name)
    return list(verifying.of_token(seen, waba_id=waba_id, at=at))


def show(work: Work, found: Fact) -> None:
    """Show a fact as the step that it is."""
    work.found(found.matter, Grade(found.grade), found.code, **found.values)


def subscribe(work: Work, client: Numbers, app: MetaApp, *, waba_id: str) -> Fact:
    """See that Meta tells the app what happens in the account. Raises: CloudApiError."""
    code = "subscribed"
    if not verifying.is_subscribed(client.subscriptions(waba_id), app.app_id):
        client.subscribe(waba_id)
        code = "subscribed_now"
    return verifying.of_subscription(code, at=timezone.now())


def app_of(work: Work, app_id: int | None) -> MetaApp | None:
    """Return an app that may bring the tenant's events; without an id the installation's."""
    with context.platform():
        live = MetaApp.objects.filter(removed_at=None, is_active=True)
        if app_id is None:
            return live.filter(tenant=None).first()
        return live.filter(pk=app_id, tenant=work.tenant).first()


def connect(work: Work) -> None:
    """Prove a number with the job's token, step by step, and connect it.

    Raises: StepFailedError, CloudApiError.
    """
    given, secret = work.job.arguments, work.secrets
    proof = _prove(work, given["app"], given["phone_number_id"], given["waba_id"], secret)
    work.begin("claim")
    phone = _claim(work, proof)
    work.found("claim", Grade.OK, "number_connected")
    work.job.result = {"phone": phone.pk}
    _look_on(phone)


def _replace(work: Work) -> None:
    phone = Phone.objects.get(pk=work.job.arguments["phone"])
    with context.platform():
        route = PhoneRoute.objects.filter(
            phone_number_id=phone.phone_number_id, tenant=work.tenant
        ).first()
    if route is None:
        work.fail("app", "number_away")
    # The app that brings the events has to be the token's: only it can be subscribed with it.
    app_id = route.app_id if _is_own(work, route.app_id) else None
    proof = _prove(work, app_id, phone.phone_number_id, phone.waba_id, work.secrets)
    work.begin("claim")
    with context.platform(), transaction.atomic():
        # Rival: an admin who let go of the number while Meta was asked.
        live = PhoneRoute.objects.select_for_update(of=("self",)).select_related("tenant")
        route = live.filter(pk=route.pk, tenant=work.tenant).first()
        if route is not None:
            numbers.replace_token(actor=work.job.author, route=route, access_token=proof.token)
            with context.tenant(work.tenant.schema_name):
                _keep(phone.phone_number_id, proof)
    if route is None:
        work.fail("claim", "number_away")
    work.found("claim", Grade.OK, "token_stored")
    work.job.result = {"phone": phone.pk}
    _look_on(phone)


def _prove(
    work: Work, app_id: int | None, phone_number_id: str, waba_id: str, secret: dict[str, str]
) -> Proof:
    work.begin("app")
    app = app_of(work, app_id)
    if app is None:
        work.fail("app", "app_inactive")
    work.found("app", Grade.OK, "app_ready", app=app.name)
    token = secret["access_token"]
    found = look_at_token(work, app, token, waba_id=waba_id)
    for fact in found:
        show(work, fact)
    if any(fact.grade == Grade.PROBLEM for fact in found):
        raise kinds.StepFailedError(kinds.STOPPED)
    client = Numbers(work.client(token))
    at = verifying.read_at(timezone.now())
    number = _find(work, client, phone_number_id, waba_id)
    if numbers.is_taken(tenant=work.tenant, phone_number_id=phone_number_id):
        work.fail("number", "number_taken")
    work.found("number", Grade.OK, "number_found", number=number.display_phone_number)
    number = _registered(work, client, number, secret.get("pin", ""))
    found += verifying.of_number(number, at=at)
    work.begin("subscription")
    try:
        subscribed = subscribe(work, client, app, waba_id=waba_id)
    except RefusedError as error:
        work.fail("subscription", "subscription_refused", detail=error.detail)
    show(work, subscribed)
    return Proof(app, token, number, [*found, subscribed], at)


def _find(work: Work, client: Numbers, phone_number_id: str, waba_id: str) -> RemoteNumber:
    """Return the number out of its account's list: the proof that the two belong together."""
    work.begin("number")
    try:
        listed = list(client.numbers_of(waba_id))
    except RefusedError as error:
        work.fail("number", "account_hidden", detail=error.detail)
    found = [number for number in listed if number.phone_number_id == phone_number_id]
    if not found:
        work.fail("number", "number_elsewhere")
    return found[0]


def _registered(work: Work, client: Numbers, number: RemoteNumber, pin: str) -> RemoteNumber:
    """See that the number is on the Cloud API; one of the WhatsApp Business app is already."""
    work.begin("registration")
    if number.is_on_biz_app:
        work.found("registration", Grade.SKIPPED, "registered_by_app")
        return number
    if number.is_registered:
        work.found("registration", Grade.OK, "registered")
        return number
    if not pin and work.job.kind == Job.Kind.NUMBER_TOKEN:
        work.found("registration", Grade.WARNING, "pin_needed")
        return number
    if not pin:
        work.fail("registration", "pin_needed")
    try:
        client.register(number.phone_number_id, pin=pin)
        number = client.number(number.phone_number_id)
    except RefusedError as error:
        work.fail("registration", "registration_refused", detail=error.detail)
    work.found("registration", Grade.OK, "registered_now")
    return number


def _claim(work: Work, proof: Proof) -> Phone:
    given, number = work.job.arguments, proof.number
    rows = Phone.objects.filter(phone_number_id=number.phone_number_id)
    called = rows.values_list("name", flat=True).first()  # by the team, when it was here before
    try:
        with context.platform(), transaction.atomic():
            _hold(proof.app)
            numbers.connect(
                actor=work.job.author,
                tenant=work.tenant,
                app=proof.app,
                phone_number_id=number.phone_number_id,
                waba_id=given["waba_id"],
                display_phone_number=number.display_phone_number,
                name=given["name"] or called or number.verified_name or number.display_phone_number,
                access_token=proof.token,
            )
            with context.tenant(work.tenant.schema_name):
                return _keep(number.phone_number_id, proof)
    except numbers.NumberTakenError:
        work.fail("claim", "number_taken")
    except DomainError as error:
        raise kinds.StepFailedError(str(error)) from error


def _hold(app: MetaApp) -> None:
    """Lock the app, so that it is not removed while a number comes to it."""
    live = MetaApp.objects.select_for_update(of=("self",)).filter(pk=app.pk, removed_at=None)
    if live.first() is None:
        raise numbers.ForeignAppError


def _keep(phone_number_id: str, proof: Proof) -> Phone:
    phone = Phone.objects.get(phone_number_id=phone_number_id)
    health.checked(phone=phone, found=proof.facts, is_proven=True, at=proof.at)
    return phone


def _look_on(phone: Phone) -> None:
    """Look at the rest at once, and fetch the account's templates."""
    jobs.start(
        author=None,
        kind=Job.Kind.NUMBER_CHECK,
        subject=phone.phone_number_id,
        arguments={"phone": phone.pk},
        single=True,
    )
    jobs.start(author=None, kind=Job.Kind.TEMPLATES_SYNC, subject=phone.waba_id, single=True)


def _is_own(work: Work, app_id: int) -> bool:
    with context.platform():
        return MetaApp.objects.filter(pk=app_id, tenant=work.tenant).exists()


_RIVALS = (Job.Kind.NUMBER_CONNECT, Job.Kind.NUMBER_TOKEN, Job.Kind.SIGNUP)
kinds.register(
    JobKind(Job.Kind.NUMBER_CONNECT, connect, outdated_by=_RIVALS),
    JobKind(Job.Kind.NUMBER_TOKEN, _replace, outdated_by=_RIVALS),
)
