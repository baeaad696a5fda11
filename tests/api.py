"""A client of the API: one host, one access token, JSON in and out."""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import context
from tenants.models import Membership, RefreshSession, Tenant, User
from tenants.permissions import Actor
from tenants.services import keys, tokens
from tenants.services.tokens import Claims, Kind

PROBLEM = "application/problem+json"


class Api:
    """``Api("acme.localhost", token).get("/api/v1/...")``; public host: ``localhost``."""

    def __init__(self, host: str = "localhost", token: str | None = None) -> None:
        self.host = host
        self.client = Client(SERVER_NAME=host)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self._headers(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(
            path, body, content_type="application/json", headers=self._headers(headers)
        )

    def tell(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send JSON by any method; nothing where the body is None."""
        data = b"" if body is None else json.dumps(body).encode()
        return self.send(method, path, data, "application/json", **headers)

    def send(self, method: str, path: str, data: bytes = b"", content_type: str = "", **headers):
        return self.client.generic(
            method, path, data, content_type=content_type, headers=self._headers(headers)
        )

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return {**self.headers, **{name.replace("_", "-"): text for name, text in headers.items()}}


class Queries:
    """The statements of a block that are the same each time it runs.

    Entering and leaving a schema does not count, nor does asking where a host leads to, which is
    remembered for half a minute.
    """

    def __enter__(self) -> "Queries":
        self._captured = CaptureQueriesContext(connection)
        self._captured.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._captured.__exit__(*error)

    def __len__(self) -> int:
        return len(self.statements)

    @property
    def statements(self) -> list[str]:
        every = [query["sql"] for query in self._captured.captured_queries]
        return [
            sql
            for sql in every
            if not sql.startswith(("SET search_path", "SAVEPOINT", 'SELECT "tenants_domain"'))
        ]


def open_session(user: User, tenant: Tenant, now: datetime | None = None) -> Claims:
    """Sign somebody in without a password; returns what the tokens would say."""
    now = now or timezone.now()
    jti = uuid4().hex
    with context.platform():
        session = RefreshSession.objects.create(
            user=user, tenant=tenant, current_jti=jti, expires_at=now + Kind.REFRESH.lifetime
        )
    return Claims(user.pk, tenant.pk, session.pk, user.token_version, jti)


def access_token(user: User, tenant: Tenant) -> str:
    now = timezone.now()
    return tokens.sign(Kind.ACCESS, open_session(user, tenant, now), now=now)


def api_of(user: User, *, public: bool = False) -> Api:
    """Return a signed-in client on the host of the user's tenant, or on the public one."""
    with context.platform():
        tenant = Membership.objects.select_related("tenant").get(user=user).tenant
    host = "localhost" if public else f"{tenant.subdomain}.localhost"
    return Api(host, access_token(user, tenant))


def key_of(admin: User, tenant: Tenant, *scopes: str, **fields: Any) -> str:
    """Make an API key for the tenant, as its admin; returns what a program brings."""
    actor = Actor(tenant=tenant, user=admin, role="ADMIN")
    made = keys.make(actor=actor, name="Loja", scopes=scopes, now=timezone.now(), **fields)
    assert made.secret is not None
    return made.secret


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Assert that an answer is a problem document in full; returns it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == PROBLEM
    document = response.json()
    assert document["status"] == status
    assert document["code"] == code
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    return document
