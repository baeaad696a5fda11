"""A real installation's first steps."""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.db import transaction

from tenants import context
from tenants.errors import DomainError
from tenants.models import Domain, User
from tenants.services import people
from whatsapp.webhooks.models import MetaApp
from whatsapp.webhooks.services import apps


@dataclass(frozen=True, slots=True)
class Answers:
    """What only the owner of the installation knows. An empty verify token: make one."""

    email: str = ""
    name: str = ""
    password: str = ""
    app_id: str = ""
    app_secret: str = ""
    verify_token: str = ""


class NotSuperAdminError(DomainError):
    code = "not_super_admin"
    http_status = 409
    message = "This address has an account that is no super-admin: change that in the console."


class OtherAppError(DomainError):
    code = "other_app"
    http_status = 409
    message = "The platform has another Meta app: change that in the console."


def domain_warnings() -> Iterator[str]:
    """Say what of the public address will not work for others. Asks the name servers."""
    host = settings.PUBLIC_HOST
    if not settings.IS_TLS:
        yield f"PUBLIC_URL is {settings.PUBLIC_URL}: Meta brings webhooks to https only."
    if host == "localhost" or host.endswith(".localhost") or _is_address(host):
        yield f"{host} means this machine only, or has no subdomains: tenants need a domain."
        return
    for name in (host, f"any-{secrets.token_hex(4)}.{host}"):
        if not _resolves(name):
            yield f"{name} does not resolve: point {host} and *.{host} here."
    with context.platform():
        strangers = Domain.objects.exclude(domain__endswith=f".{host}").count()
    if strangers:
        yield f"{strangers} tenants' hosts do not end in .{host}: did PUBLIC_URL change?"


def missing() -> frozenset[str]:
    """Return what is still to be answered: ``super-admin``, ``app``."""
    with context.platform():
        known = {
            "super-admin": User.objects.filter(is_superuser=True, is_active=True).exists(),
            "app": MetaApp.objects.filter(tenant=None).exists(),
        }
    return frozenset(name for name, is_there in known.items() if not is_there)


def install(answers: Answers) -> list[str]:
    """Make what the answers name; return a sentence for each thing done. All or nothing.

    Again with the same answers it changes nothing; with another secret it rotates.
    Raises: DomainError.
    """
    with context.platform(), transaction.atomic():
        return [*_super_admin(answers), *_app(answers)]


def _super_admin(answers: Answers) -> Iterator[str]:
    if not answers.email:
        return
    known = people.find(email=answers.email)
    if known is None:
        people.create_user(
            actor=None,
            email=answers.email,
            name=answers.name or answers.email.partition("@")[0],
            password=answers.password,
            is_superuser=True,
        )
        yield f"{answers.email} is a super-admin."
    elif not known.is_superuser:
        raise NotSuperAdminError
    else:
        yield f"{answers.email} was a super-admin already; the password stays."


def _app(answers: Answers) -> Iterator[str]:
    if not answers.app_id:
        return
    app = MetaApp.objects.filter(tenant=None).first()
    if app is None:
        token = answers.verify_token or secrets.token_urlsafe(24)
        apps.register_app(
            actor=None,
            name="Platform",
            app_id=answers.app_id,
            app_secret=answers.app_secret,
            verify_token=token,
        )
        yield f"Meta app {answers.app_id} is registered. Its verify token: {token}"
        return
    if app.app_id != answers.app_id:
        raise OtherAppError
    if answers.app_secret and apps.rotate_secret(
        actor=None, app=app, app_secret=answers.app_secret
    ):
        yield f"Meta app {app.app_id} has a new secret; the one before is still taken."
    if answers.verify_token and answers.verify_token != apps.opened(app=app, column="verify_token"):
        apps.set_verify_token(actor=None, app=app, verify_token=answers.verify_token)
        yield f"Meta app {app.app_id} has a new verify token."


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _resolves(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except (OSError, UnicodeError):
        return False
    return True
