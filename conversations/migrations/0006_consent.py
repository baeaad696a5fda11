import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("conversations", "0005_told_read"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="marketing_opted_out_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="ConsentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("MARKETING", "Marketing")], default="MARKETING", max_length=20
                    ),
                ),
                (
                    "value",
                    models.CharField(
                        choices=[
                            ("STOP", "Stopped"),
                            ("RESUME", "Allowed again"),
                            ("SIGNUP", "Signed up"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("USER_PREFERENCES", "in the settings of WhatsApp"),
                            ("KEYWORD", "by a message"),
                            ("BUTTON", "by a button"),
                            ("OPERATOR", "noted by the team"),
                        ],
                        max_length=20,
                    ),
                ),
                ("provider_at", models.DateTimeField()),
                ("wamid", models.CharField(blank=True, default="", max_length=200)),
                ("key", models.CharField(max_length=260)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consent_events",
                        to="conversations.contact",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["contact", "kind", "-provider_at"], name="consent_event_newest"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="consentevent",
            constraint=models.UniqueConstraint(fields=("key",), name="consent_event_unique"),
        ),
    ]
