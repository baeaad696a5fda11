from django.db import migrations

REQUESTS_PER_HOUR = {"STARTER": 1_000, "PROFESSIONAL": 5_000, "ENTERPRISE": 50_000}


def _fill(apps, schema_editor):
    plans = apps.get_model("tenants", "Plan").objects.filter(requests_per_hour=None)
    for code, requests in REQUESTS_PER_HOUR.items():
        plans.filter(code=code).update(requests_per_hour=requests)


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0009_requests_per_hour"),
    ]

    operations = [
        migrations.RunPython(_fill, migrations.RunPython.noop),
    ]
