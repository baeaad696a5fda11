"""Files that we upload, and their way to Meta for each number."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0006_foreign_statuses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MediaUpload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("media_id", models.CharField(blank=True, default="", max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PENDING", "Being handed to WhatsApp"),
                            ("READY", "Ready to be sent"),
                            ("FAILED", "Failed"),
                        ],
                        default="PENDING",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField(null=True)),
                ("is_renewed", models.BooleanField(default=False)),
                ("error_code", models.IntegerField(null=True)),
                ("error_detail", models.CharField(blank=True, default="", max_length=500)),
            ],
        ),
        migrations.AddField(
            model_name="mediafile",
            name="author",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mediafile",
            name="is_animated",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="mediafile",
            name="expires_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="mediafile",
            name="media_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=100),
        ),
        migrations.AlterField(
            model_name="mediafile",
            name="phone",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="whatsapp.phone",
            ),
        ),
        migrations.AddIndex(
            model_name="mediafile",
            index=models.Index(
                condition=models.Q(("phone__isnull", True)),
                fields=["sha256"],
                name="media_uploaded",
            ),
        ),
        migrations.AddField(
            model_name="mediaupload",
            name="file",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="uploads",
                to="whatsapp.mediafile",
            ),
        ),
        migrations.AddField(
            model_name="mediaupload",
            name="phone",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="whatsapp.phone",
            ),
        ),
        migrations.AddIndex(
            model_name="mediaupload",
            index=models.Index(
                condition=models.Q(("state", "PENDING")),
                fields=["due_at", "id"],
                name="media_upload_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="mediaupload",
            constraint=models.UniqueConstraint(
                fields=("file", "phone"), name="media_upload_unique"
            ),
        ),
    ]
