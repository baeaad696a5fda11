"""The check of a number: everything that could be wrong with it, each with its fix.

What it finds becomes the number's evidence (see ``facts``). A call that breaks or has to wait says
nothing about the number: the job is tried again, and nothing changes meanwhile.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import context
from whatsapp.client.numbers import Numbers
from whatsapp.errors import CloudApiError, RefusedError, TokenError
from whatsapp.findings import Grade
from whatsapp.models import Job, NumberFact, Phone
from whatsapp.services import echo, facts, health, jobs, kinds, number_jobs, verifying
from whatsapp.services.facts import REFUSED, VALID, Fact
from whatsapp.services.kinds import JobKind, StepFailedError, Work
from whatsapp.webhooks.models import MetaApp, PhoneRoute

EVERY = timedelta(hours=6)
_AT_ONCE = 20
_random = random.SystemRandom()


def renew(*, now: datetime) -> None:
    """Have the numbers checked whose time has come; the next one is due at a random time."""
    due = Phone.objects.filter(status=Phone.Status.ACTIVE, check_due_at__lte=now)
    for pk, phone_number_id in due.order_by("pk").values_list("pk", "phone_number_id")[:_AT_ONCE]:
        next_at = now + EVERY * _random.uniform(0.75, 1.25)
        # Rival: a webhook that wants a look soon; its wish is met by this one.
        if due.filter(pk=pk).update(check_due_at=next_at):
            jobs.start(
                author=None,
                kind=Job.Kind.NUMBER_CHECK,
                subject=phone_number_id,
                arguments={"phone": pk},
                single=True,
            )


@dataclass(slots=True)
class _Visit:
    """One check: what was found so far, and whether Meta takes the token."""

    work: Work
    phone: Phone
    app: MetaApp
    found: list[Fact] = field(default_factory=list)
    is_refused: bool = False
    is_proven: bool = False

    def note(self, *found: Fact) -> None:
        for fact in found:
            number_jobs.show(self.work, fact)
            self.found.append(fact)

    def ask(self, step: str, call: Callable[[Numbers], None], client: Numbers) -> None:
        """Make one call; what Meta refuses is a finding, and a dead token ends the asking."""
        if self.is_refused:
            self.work.found(step, Grade.SKIPPED)
            return
        self.work.begin(step)
        try:
            call(client)
        except TokenError as error:
            self.refused(error.detail)
            self.work.found(step, Grade.SKIPPED)
        except RefusedError as error:
            self.note(_hidden(step, error))

    def refused(self, detail: str) -> None:
        """Note that Meta plainly refused the token, in a call or when asked about it."""
        self.is_refused = True
        code = "token_refused" if detail else "token_invalid"
        source = NumberFact.Source.CHECK
        self.note(facts.token(REFUSED, at=timezone.now(), source=source, code=code, detail=detail))


def _check(work: Work) -> None:
    phone = Phone.objects.filter(pk=work.job.arguments["phone"], status=Phone.Status.ACTIVE).first()
    app = None if phone is None else _app_of(work, phone)
    if phone is None or app is None:
        work.fail("app", "number_away")
    visit = _Visit(work, phone, app)
    visit.note(_of_app(app))
    sent = echo.send(phone=phone, app=app)  # it comes in while Meta is asked
    client = Numbers(work.number(phone.pk))  # NoTokenError: the number is marked by then
    _look_at_token(visit, client.client.token)
    visit.ask("number", lambda meta: _look_at_number(visit, meta), client)
    visit.ask("subscription", lambda meta: _look_at_subscription(visit, meta), client)
    visit.ask("callback", lambda meta: _look_at_callback(visit, meta), client)
    last = verifying.of_last_webhook(phone.last_webhook_at, at=timezone.now())
    number_jobs.show(work, last)  # not kept: it is older at every look
    work.begin("door")
    visit.note(echo.await_end(sent))
    _keep(visit)


def _app_of(work: Work, phone: Phone) -> MetaApp | None:
    with context.platform():
        routes = PhoneRoute.objects.filter(
            phone_number_id=phone.phone_number_id, tenant=work.tenant
        )
        route = routes.select_related("app").first()
    return None if route is None else route.app


def _of_app(app: MetaApp) -> Fact:
    good = app.is_active and app.removed_at is None
    word, grade, code = (
        ("READY", Grade.OK, "app_ready") if good else ("OFF", Grade.PROBLEM, "app_inactive")
    )
    source = NumberFact.Source.CHECK
    return Fact("app", word, timezone.now(), source, grade, code, {"app": app.name})


def _look_at_token(visit: _Visit, token: str) -> None:
    work = visit.work
    try:
        found = number_jobs.look_at_token(work, visit.app, token, waba_id=visit.phone.waba_id)
    except StepFailedError:  # our app could not ask, which says nothing of the token
        visit.found.append(_unasked(work))
        return
    for fact in found:
        if fact.word == REFUSED:
            visit.refused("")
        else:
            visit.is_proven |= fact.word == VALID
            visit.note(fact)


def _unasked(work: Work) -> Fact:
    step = work.job.steps[-1]
    code, source = step["code"], NumberFact.Source.CHECK
    return Fact("app", code.upper(), timezone.now(), source, Grade.PROBLEM, code, step["values"])


def _look_at_number(visit: _Visit, meta: Numbers) -> None:
    at = verifying.read_at(timezone.now())
    number = meta.number(visit.phone.phone_number_id)
    shown = {"number": number.display_phone_number}
    source = NumberFact.Source.CHECK
    visit.note(Fact("number", "FOUND", at, source, Grade.OK, "number_found", shown))
    visit.note(*verifying.of_number(number, at=at))


def _look_at_subscription(visit: _Visit, meta: Numbers) -> None:
    waba_id, at = visit.phone.waba_id, timezone.now()
    if visit.work.job.arguments.get("repair"):
        visit.note(number_jobs.subscribe(visit.work, meta, visit.app, waba_id=waba_id))
        return
    is_there = verifying.is_subscribed(meta.subscriptions(waba_id), visit.app.app_id)
    code = "subscribed" if is_there else "subscription_missing"
    visit.note(verifying.of_subscription(code, at=at))


def _look_at_callback(visit: _Visit, meta: Numbers) -> None:
    callbacks = meta.callbacks(visit.phone.phone_number_id)
    public_url = settings.PUBLIC_URL
    visit.note(verifying.of_callbacks(callbacks, public_url=public_url, at=timezone.now()))


def _hidden(step: str, error: CloudApiError) -> Fact:
    codes = {"number": "number_hidden", "subscription": "subscription_refused"}
    code = codes.get(step, "number_hidden")
    values = {"detail": error.detail[:200]}
    source = NumberFact.Source.CHECK
    return Fact(step, "HIDDEN", timezone.now(), source, Grade.PROBLEM, code, values)


@transaction.atomic
def _keep(visit: _Visit) -> None:
    phone = visit.phone
    if visit.is_refused:
        health.token_refused(
            tenant=visit.work.tenant,
            phone_id=phone.pk,
            sealed=phone.access_token_sealed,
            evidence=next(fact for fact in visit.found if fact.word == REFUSED),
        )
    is_proven = visit.is_proven and not visit.is_refused
    health.checked(phone=phone, found=visit.found, is_proven=is_proven, at=timezone.now())


kinds.register(JobKind(Job.Kind.NUMBER_CHECK, _check))
