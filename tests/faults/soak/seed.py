"""Make the soak's tenants and numbers, on the platform's Meta app."""

import os

import django

django.setup()

from tenants import context, secrets  # noqa: E402 - models want a set-up Django
from tenants.models import Membership, Plan, Tenant, User  # noqa: E402
from tenants.services import people, tenancy  # noqa: E402
from tests.faults.soak import ground  # noqa: E402
from whatsapp.models import Phone  # noqa: E402
from whatsapp.webhooks.models import MetaApp, PhoneRoute  # noqa: E402


def main() -> None:
    """Make everything, once."""
    app_id, app_secret, verify_token = os.environ["SOAK_APP"].split(":")
    with context.platform():
        plan = Plan.objects.get(code=Plan.Code.ENTERPRISE)
        plan.requests_per_hour = None  # it asks for more
        plan.save(update_fields=["requests_per_hour"])
        app = MetaApp.objects.create(
            name="Platform",
            app_id=app_id,
            app_secret_sealed=_sealed(app_secret, "app_secret"),
            verify_token_sealed=_sealed(verify_token, "verify_token"),
        )
        made = {name: _tenant(name, plan) for name in ground.TENANTS}
        for number in ground.numbers():
            _connect(made[number.subdomain], app, number)


def _tenant(name: str, plan: Plan) -> Tenant:
    tenant = tenancy.create_tenant(actor=None, name=name, subdomain=name, plan=plan)
    user = User.objects.create(email=f"api@{name}.test", name="API")
    people.add_membership(actor=None, user=user, tenant=tenant, role=Membership.Role.OPERATOR)
    return tenant


def _sealed(value: str, column: str) -> str:
    return secrets.seal(value, tenant=secrets.PLATFORM, table="webhooks_metaapp", column=column)


def _connect(tenant: Tenant, app: MetaApp, number: ground.Number) -> None:
    ids = {"phone_number_id": number.phone_number_id, "waba_id": number.waba_id}
    shown = {"display_phone_number": number.display}
    PhoneRoute.objects.create(tenant=tenant, app=app, **ids, **shown)
    token = secrets.seal(
        number.token, tenant=str(tenant.pk), table="whatsapp_phone", column="access_token"
    )
    with context.tenant(tenant.schema_name):
        Phone.objects.create(name=number.display, access_token_sealed=token, **ids, **shown)


if __name__ == "__main__":
    main()
