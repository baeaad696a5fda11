"""Have the numbers that are connected already checked by themselves too, not all at once."""

from django.db import migrations

_DUE = """
    UPDATE whatsapp_phone SET check_due_at = now() + random() * interval '1 hour'
    WHERE status = 'ACTIVE' AND check_due_at IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0009_business_profiles"),
    ]

    operations = [migrations.RunSQL(_DUE, migrations.RunSQL.noop)]
