"""What was marked as read at WhatsApp, so that many nudges make one call."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0004_read_policy"),
        ("conversations", "0004_message_media"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="told_read_id",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
