"""When customers see that their messages were read, by number."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0003_media_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="phone",
            name="read_policy",
            field=models.CharField(
                choices=[
                    ("ON_OPEN", "When somebody opens the conversation"),
                    ("ON_REPLY", "When somebody replies"),
                    ("NEVER", "Never"),
                ],
                db_default="ON_OPEN",
                default="ON_OPEN",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="phone",
            name="read_marks_failed",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
