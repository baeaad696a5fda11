from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from tenants import context
from tenants.models import RefreshSession
from tenants.services import sessions, tokens
from tenants.services.tokens import InvalidTokenError, Kind
from tests.api import open_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def token(people, acme) -> str:
    return tokens.sign(
        Kind.REFRESH, open_session(people["ana@acme.test"], acme), now=timezone.now()
    )


def _is_revoked() -> bool:
    with context.platform():
        return RefreshSession.objects.get().revoked_at is not None


def test_the_loser_of_a_race_is_refused_and_the_winner_stays(token):
    arrived_at = timezone.now()
    winner = sessions.refresh(token=token, tenant=None, now=arrived_at)

    with pytest.raises(InvalidTokenError):
        sessions.refresh(token=token, tenant=None, now=arrived_at)

    assert not _is_revoked()
    assert sessions.refresh(token=winner.refresh, tenant=None, now=timezone.now())


def test_a_token_that_was_spent_before_the_request_came_ends_the_session(token):
    winner = sessions.refresh(token=token, tenant=None, now=timezone.now())

    with pytest.raises(InvalidTokenError):
        sessions.refresh(token=token, tenant=None, now=timezone.now())

    assert _is_revoked()
    with pytest.raises(InvalidTokenError):
        sessions.refresh(token=winner.refresh, tenant=None, now=timezone.now())


def test_a_session_lives_as_long_as_it_is_used(token):
    later = timezone.now() + timedelta(days=20)

    sessions.refresh(token=token, tenant=None, now=later)

    with context.platform():
        assert RefreshSession.objects.get().expires_at == later + Kind.REFRESH.lifetime


def test_sessions_of_pages_are_forgotten_when_they_have_ended(page):
    browser = page("ana@acme.test")
    with context.platform():
        (session,) = Session.objects.all()

    assert sessions.purge(now=session.expire_date) == 0
    assert browser.get("/inbox/").status_code == 200

    assert sessions.purge(now=session.expire_date + timedelta(seconds=1)) == 1
    assert browser.get("/inbox/").status_code == 302
