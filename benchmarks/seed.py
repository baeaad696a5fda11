"""Tenants with one number each, on the platform's Meta app; prints their numbers as JSON."""

import json
import sys

import django

django.setup()

from tenants import context, secrets  # noqa: E402 - models want a set-up Django
from tenants.models import Plan, Tenant  # noqa: E402
from tenants.services import tenancy  # noqa: E402
from whatsapp.models import Phone  # noqa: E402
from whatsapp.webhooks.models import MetaApp, PhoneRoute  # noqa: E402

FIRST = (106540352242922, 102290129340398)


def main(app_secret: str, verify_token: str, names: str) -> None:
    numbers = {
        name: {"phone_number_id": str(FIRST[0] + place), "waba_id": str(FIRST[1] + place)}
        for place, name in enumerate(names.split(","))
    }
    with context.platform():
        plan = Plan.objects.get(code=Plan.Code.ENTERPRISE)
        app = MetaApp.objects.create(
            name="Platform",
            app_id="1000",
            app_secret_sealed=_sealed(app_secret, "app_secret"),
            verify_token_sealed=_sealed(verify_token, "verify_token"),
        )
        for name, number in numbers.items():
            tenant = tenancy.create_tenant(actor=None, name=name, subdomain=name, plan=plan)
            _connect(tenant, app, number)
    sys.stdout.write(json.dumps(numbers))


def _sealed(value: str, column: str) -> str:
    return secrets.seal(value, tenant=secrets.PLATFORM, table="webhooks_metaapp", column=column)


def _connect(tenant: Tenant, app: MetaApp, number: dict[str, str]) -> None:
    display = {"display_phone_number": "+55 11 4000-1001"}
    PhoneRoute.objects.create(tenant=tenant, app=app, **number, **display)
    token = secrets.seal(
        "token", tenant=str(tenant.pk), table="whatsapp_phone", column="access_token"
    )
    with context.tenant(tenant.schema_name):
        Phone.objects.create(name=tenant.name, access_token_sealed=token, **number, **display)


if __name__ == "__main__":
    main(*sys.argv[1:])
