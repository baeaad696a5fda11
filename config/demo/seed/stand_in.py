"""What the stand-in of Meta has to know: the apps, the numbers, and the customers' phones.

Numbers and apps come from the database: what somebody connected in the demo works after a restart.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from config.demo.seed import places
from conversations.selectors import visible_to
from tenants import context, secrets
from tenants.models import Tenant
from tenants.permissions import system_actor
from whatsapp.models import Phone
from whatsapp.services import numbers, own_apps
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps


def config(kept: dict[str, Any], tenants: dict[str, Tenant]) -> dict[str, Any]:
    """Return the simulator's configuration."""
    with context.platform():
        own = [found for app in _own_apps() if (found := _app(app)) is not None]
        known = {places.APP_ID, *(app["app_id"] for app in own)}
        routes = PhoneRoute.objects.filter(app__app_id__in=known, app__removed_at=None)
        routes = routes.select_related("app", "tenant").order_by("pk")
        phones = [found for route in routes if (found := _phone(route)) is not None]
    return {
        "port": urlsplit(settings.GRAPH_API_URL).port or 80,
        "callback_url": f"http://127.0.0.1:{settings.PUBLIC_PORT or 80}/webhook/whatsapp/",
        "app_id": places.APP_ID,
        "app_secret": kept["app_secret"],
        "verify_token": kept["verify_token"],
        "apps": own,
        "phones": phones,
        "customers": [one for tenant in tenants.values() for one in _customers(tenant)],
    }


def _own_apps() -> Iterable[MetaApp]:
    return MetaApp.objects.filter(tenant__isnull=False, removed_at=None).order_by("pk")


def _app(app: MetaApp) -> dict[str, str] | None:
    """Return a tenant's own app; None when its secrets were sealed with keys that are gone."""
    app_secret, verify_token = (
        apps.opened(app=app, column=column) for column in ("app_secret", "verify_token")
    )
    if not app_secret or not verify_token:
        return None
    return {
        "app_id": app.app_id,
        "app_secret": app_secret,
        "verify_token": verify_token,
        "callback_url": own_apps.callback_url(app),
    }


def _phone(route: PhoneRoute) -> dict[str, str] | None:
    """Return a number with its token; None when there is no token that can be opened."""
    with context.tenant(route.tenant.schema_name):
        phone = Phone.objects.get(phone_number_id=route.phone_number_id)
    try:
        token = numbers.opened_token(tenant=route.tenant, phone=phone)
    except secrets.SealBrokenError:
        return None
    return {
        "phone_number_id": phone.phone_number_id,
        "waba_id": phone.waba_id,
        "display_phone_number": phone.display_phone_number,
        "verified_name": phone.name,
        "token": token,
        "app_id": "" if route.app.app_id == places.APP_ID else route.app.app_id,
    }


def _customers(tenant: Tenant) -> list[dict[str, Any]]:
    """Return everybody who ever wrote to a tenant, newest first, with when his window opened."""
    with context.tenant(tenant.schema_name):
        return [
            {
                "wa_id": identity.value,
                "name": conversation.contact.profile_name or identity.value,
                "last_wrote_at": conversation.window_opened_at.timestamp(),
            }
            for conversation in visible_to(system_actor(tenant))
            for identity in conversation.contact.identities.all()
            if identity.kind == "WA_ID" and conversation.window_opened_at
        ]
