"""What an actor may see of the Meta apps that his tenant owns."""

from django.db.models import QuerySet

from tenants.errors import NotFoundError
from tenants.permissions import Actor, Permission
from whatsapp.webhooks.models import MetaApp, PhoneRoute


def own_apps(actor: Actor) -> QuerySet[MetaApp]:
    """Return the tenant's own apps, newest first. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_NUMBERS)
    found = MetaApp.objects.filter(tenant=actor.tenant, removed_at=None)
    return found.order_by("-created_at", "-id")


def own_app_for(actor: Actor, pk: int) -> MetaApp:
    """Return one of them. Raises: NotFoundError, ForbiddenError."""
    app = own_apps(actor).filter(pk=pk).first()
    if app is None:
        raise NotFoundError
    return app


def routes_of(actor: Actor) -> QuerySet[PhoneRoute]:
    """Return the tenant's numbers with the apps that bring their events. Raises: ForbiddenError."""
    actor.require(Permission.MANAGE_NUMBERS)
    routes = PhoneRoute.objects.filter(tenant=actor.tenant).select_related("app")
    return routes.order_by("display_phone_number", "pk")
