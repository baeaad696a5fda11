"""Furnish the demo: companies and people, then their last days, then the files for the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from config.demo import folder
from config.demo.seed import acme, acme_kinds, globex, places, rows, stand_in
from conversations.models import Conversation
from tenants import context
from tenants.models import Tenant
from tenants.permissions import system_actor
from tenants.services import people
from whatsapp.services import templates

TALKS = {"acme": [*acme.TALKS, *acme_kinds.TALKS], "globex": globex.TALKS}


class SeedError(Exception):
    """The demo cannot be furnished; the message says why."""


def furnish(root: Path, say: Callable[[str], object]) -> None:
    """Make what is missing, keep what is there, and write demo.json and simulator.json.

    Raises: SeedError.
    """
    kept = folder.read_private(root / "secrets.json")
    if not {"app_secret", "verify_token"} <= kept.keys():
        raise SeedError(f"{root / 'secrets.json'} is missing or not complete: run `make demo`.")
    tenants: dict[str, Tenant] = {}
    with context.platform():
        places.super_admin()
        app = places.meta_app(kept["app_secret"], kept["verify_token"])
        for place in places.PLACES:
            tenants[place.subdomain] = places.tenant(place)
            places.number(place, tenants[place.subdomain], app)
            made = _talk(place, tenants[place.subdomain])
            say(f"{place.name}: {made or 'keeps its'} conversations")
    folder.write_private(root / "demo.json", _for_people(kept, tenants))
    folder.write_private(root / "simulator.json", stand_in.config(kept, tenants))


def _talk(place: places.Place, tenant: Tenant) -> int:
    """Write a company's conversations, if it has none at all; return how many."""
    admin, operator = (people.find(email=places.address(name, place)) for name in ("admin", "ana"))
    if admin is None or operator is None:
        raise SeedError(f"{place.name} has lost its people.")
    talks = TALKS[place.subdomain]
    with context.tenant(tenant.schema_name), transaction.atomic():
        if Conversation.objects.exists():
            return 0
        cast = rows.Cast(tenant, places.phone(place), operator, admin)
        rows.write(talks, cast=cast, now=timezone.now())
        templates.sync(actor=system_actor(tenant))  # done by the worker, when there is one
    return len(talks)


def _for_people(kept: dict[str, Any], tenants: dict[str, Tenant]) -> dict[str, Any]:
    """Return what scripts and tests need to know of the running demo."""
    public = urlsplit(settings.PUBLIC_URL)
    found = {}
    users = [_user(places.SUPER_ADMIN, "SUPER_ADMIN", None)]
    for place in places.PLACES:
        host = f"{place.subdomain}.{public.netloc}"
        found[place.subdomain] = {
            "id": str(tenants[place.subdomain].pk),
            "host": host,
            "url": f"{public.scheme}://{host}",
            "phone_number_id": place.phone_number_id,
            "waba_id": place.waba_id,
        }
        for name, role in places.ROLES.items():
            users.append(_user(places.address(name, place), role, place.subdomain))
    return {
        "public_url": settings.PUBLIC_URL,
        "simulator_url": settings.GRAPH_API_URL,
        "app_secret": kept["app_secret"],
        "verify_token": kept["verify_token"],
        "tenants": found,
        "users": users,
    }


def _user(email: str, role: str, tenant: str | None) -> dict[str, Any]:
    return {"email": email, "password": places.PASSWORD, "role": str(role), "tenant": tenant}
