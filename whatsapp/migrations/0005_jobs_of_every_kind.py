"""Jobs of every kind: steps, a secret of their own, and one that waits where one is enough."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0004_read_policy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="job",
            name="job_one_sync_waits",
        ),
        migrations.AddField(
            model_name="job",
            name="is_single",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="job",
            name="secret_sealed",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="job",
            name="steps",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AlterField(
            model_name="job",
            name="kind",
            field=models.CharField(max_length=40),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["kind", "subject", "-id"], name="job_newest"),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_single", True), ("state", "QUEUED")),
                fields=("kind", "subject"),
                name="job_one_waits",
            ),
        ),
    ]
