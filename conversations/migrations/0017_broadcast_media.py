import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0012_outreach"),
        ("conversations", "0016_first_position"),
    ]

    operations = [
        migrations.AddField(
            model_name="broadcast",
            name="media",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="whatsapp.mediafile",
            ),
        ),
        migrations.AddIndex(
            model_name="broadcast",
            index=models.Index(
                condition=models.Q(("media__isnull", False)),
                fields=["media"],
                name="broadcast_media",
            ),
        ),
    ]
