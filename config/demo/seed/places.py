"""The demo's companies, people, numbers and Meta app: made once, then left as they are."""

import secrets as random
from dataclasses import dataclass
from functools import cache

from django.contrib.auth.hashers import make_password

from tenants import secrets
from tenants.models import Membership, Plan, Tenant, User
from tenants.services import people, tenancy
from whatsapp.models import Phone
from whatsapp.services import numbers
from whatsapp.webhooks.models import MetaApp, PhoneRoute
from whatsapp.webhooks.services import apps

PASSWORD = "demo"  # noqa: S105 - printed at every start; refused outside the demo
APP_ID = "615243870021349"
SUPER_ADMIN = "admin@balcao.test"
ROLES = {
    "admin": Membership.Role.ADMIN,
    "ana": Membership.Role.OPERATOR,
    "vera": Membership.Role.VIEWER,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A company of the demo and its number."""

    subdomain: str
    name: str
    plan: str
    people: dict[str, str]
    phone_number_id: str
    waba_id: str
    display_phone_number: str


PLACES = (
    Place(
        "acme",
        "Loja Acme",
        Plan.Code.PROFESSIONAL,
        {"admin": "Adriana Acioli", "ana": "Ana Paula", "vera": "Vera Lúcia"},
        "106540352242922",
        "102290129340398",
        "+55 11 4000-1001",
    ),
    Place(
        "globex",
        "Clínica Globex",
        Plan.Code.STARTER,
        {"admin": "Guilherme Leal", "ana": "Ana Beatriz", "vera": "Vera Regina"},
        "106540352242923",
        "102290129340399",
        "+55 21 4000-2002",
    ),
)


def address(name: str, place: Place) -> str:
    """Return the e-mail address of one of a company's people."""
    return f"{name}@{place.subdomain}.test"


def super_admin() -> User:
    """Return the demo's super-admin."""
    return _person(SUPER_ADMIN, "Balcão", is_superuser=True)


def tenant(place: Place) -> Tenant:
    """Return a company with its people."""
    known = Tenant.objects.filter(subdomain=place.subdomain).first()
    made = known or tenancy.create_tenant(
        actor=None,
        name=place.name,
        subdomain=place.subdomain,
        plan=_plan(place.plan),
    )
    for name, role in ROLES.items():
        user = _person(address(name, place), place.people[name])
        if not Membership.objects.filter(user=user, tenant=made).exists():
            people.add_membership(actor=None, user=user, tenant=made, role=role)
    return made


def meta_app(app_secret: str, verify_token: str) -> MetaApp:
    """Return the platform's app, with the secrets of this data folder."""
    app = MetaApp.objects.filter(tenant=None).first()
    if app is None:
        return apps.register_app(
            actor=None,
            name="Balcão",
            app_id=APP_ID,
            app_secret=app_secret,
            verify_token=verify_token,
        )
    # The database may be older than the folder, and sealed with keys that are gone.
    apps.rotate_secret(actor=None, app=app, app_secret=app_secret)
    if apps.opened(app=app, column="verify_token") != verify_token:
        apps.set_verify_token(actor=None, app=app, verify_token=verify_token)
    return app


def number(place: Place, owner: Tenant, app: MetaApp) -> None:
    """Connect a company's number, or give it a new token where the old one cannot be opened."""
    route = PhoneRoute.objects.filter(phone_number_id=place.phone_number_id).first()
    if route is not None and _opened(route, owner) is not None:
        return
    numbers.connect(
        actor=None,
        tenant=owner,
        app=app,
        phone_number_id=place.phone_number_id,
        waba_id=place.waba_id,
        display_phone_number=place.display_phone_number,
        name=place.name,
        access_token=f"EAA{random.token_hex(32)}",
    )


def phone(place: Place) -> Phone:
    """Return a company's number, in its schema."""
    return Phone.objects.get(phone_number_id=place.phone_number_id)


def _opened(route: PhoneRoute, owner: Tenant) -> str | None:
    try:
        return secrets.open(
            numbers.token_of(route=route),
            tenant=str(owner.pk),
            table="whatsapp_phone",
            column="access_token",
        )
    except secrets.SealBrokenError:
        return None


def _person(email: str, name: str, *, is_superuser: bool = False) -> User:
    """Return an account; a new one has the demo's password, which no check would let pass."""
    known = people.find(email=email)
    if known is not None:
        return known
    return User.objects.create(
        email=email, name=name, is_superuser=is_superuser, password=_password_hash()
    )


@cache
def _password_hash() -> str:
    """Hash once for all of them: it is meant to be slow."""
    return make_password(PASSWORD)


def _plan(code: str) -> Plan:
    """Return a plan. Whoever tries the API out must not be told to wait for an hour."""
    plan = Plan.objects.get(code=code)
    plan.requests_per_hour = None
    plan.save(update_fields=["requests_per_hour"])
    return plan
