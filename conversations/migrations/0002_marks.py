import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0001_initial"),
        ("conversations", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wamid", models.CharField(max_length=200)),
                ("target_wamid", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("REACTION", "Reaction"),
                            ("EDIT", "Edit"),
                            ("REVOKE", "Deletion"),
                        ],
                        max_length=10,
                    ),
                ),
                ("by_business", models.BooleanField()),
                ("emoji", models.CharField(blank=True, max_length=40)),
                ("type", models.CharField(blank=True, max_length=80)),
                ("text", models.TextField(blank=True)),
                ("content", models.JSONField(null=True)),
                ("provider_at", models.DateTimeField()),
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
                        related_name="+",
                        to="whatsapp.phone",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["phone", "target_wamid"], name="mark_target"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("phone", "wamid"), name="mark_wamid_unique"),
                ],
            },
        ),
    ]
