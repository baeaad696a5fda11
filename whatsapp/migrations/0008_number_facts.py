"""What is known of a number, matter by matter; when it is looked at, and when it was heard of."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0007_uploads"),
    ]

    operations = [
        migrations.AddField(
            model_name="phone",
            name="check_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="phone",
            name="last_webhook_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="NumberFact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("matter", models.CharField(max_length=40)),
                ("word", models.CharField(max_length=120)),
                ("grade", models.CharField(max_length=10)),
                ("code", models.CharField(max_length=60)),
                ("values", models.JSONField(db_default={}, default=dict)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("WEBHOOK", "WhatsApp told us"),
                            ("CHECK", "Found by a check"),
                            ("CALL", "Found in a call"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "phone",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="facts",
                        to="whatsapp.phone",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("phone", "matter"), name="number_fact_one")
                ],
            },
        ),
    ]
