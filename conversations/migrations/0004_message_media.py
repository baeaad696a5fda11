import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0003_media_files"),
        ("conversations", "0003_people"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="media",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="whatsapp.mediafile",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("media__isnull", False)),
                fields=["media"],
                name="message_media",
            ),
        ),
    ]
