import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Take over a table that ``conversations`` makes; nothing happens to it."""

    dependencies = [("feed", "0004_followed")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="IdempotencyKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("client", models.CharField(max_length=60)),
                        ("key", models.CharField(max_length=255)),
                        ("fingerprint", models.CharField(max_length=64)),
                        ("response_status", models.PositiveSmallIntegerField(null=True)),
                        ("response_body", models.JSONField(null=True)),
                        (
                            "created_at",
                            models.DateTimeField(
                                db_default=django.db.models.functions.datetime.Now(),
                                editable=False,
                            ),
                        ),
                    ],
                    options={
                        "db_table": "conversations_idempotencykey",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("client", "key"), name="idempotency_key_unique"
                            )
                        ],
                    },
                ),
            ],
        ),
    ]
