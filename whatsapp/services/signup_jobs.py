"""The job that finishes a sign-up: Meta's code becomes a token, and the rest is connecting."""

from datetime import timedelta

from django.utils import timezone

from whatsapp.client import signup
from whatsapp.errors import MaybeSentError, RefusedError, TokenError
from whatsapp.findings import Grade
from whatsapp.models import Job
from whatsapp.services import jobs, kinds, number_jobs
from whatsapp.services.kinds import JobKind, Work
from whatsapp.webhooks.services import apps

# How long a code of Meta's is good.
CODE_LIFE = timedelta(seconds=30)


def _finish(work: Work) -> None:
    secret = work.secrets
    if "access_token" not in secret:
        token = _exchange(work, secret["code"])
        # The code is used up: should this run break off, the next one goes on with the token.
        jobs.keep_secret(work.job, {"access_token": token, "pin": secret["pin"]})
    number_jobs.connect(work)


def _exchange(work: Work, code: str) -> str:
    work.begin("code")
    app = number_jobs.app_of(work, None)
    app_secret = None if app is None else apps.opened(app=app, column="app_secret")
    if app is None or not app_secret:
        work.fail("code", "app_inactive")
    if timezone.now() - work.job.created_at >= CODE_LIFE:
        work.fail("code", "code_expired")
    client = work.client(f"{app.app_id}|{app_secret}")
    try:
        token = signup.exchange(client, app_id=app.app_id, app_secret=app_secret, code=code)
    except RefusedError as error:
        work.fail("code", "code_refused", detail=error.detail)
    except TokenError as error:
        work.fail("code", "app_refused", detail=error.detail)
    except MaybeSentError:
        work.fail("code", "code_lost")
    work.found("code", Grade.OK, "code_exchanged")
    return token


kinds.register(JobKind(Job.Kind.SIGNUP, _finish))
