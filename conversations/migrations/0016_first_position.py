from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0015_list_attempts"),
    ]

    operations = [
        migrations.AddField(
            model_name="broadcastrecipient",
            name="first_position",
            field=models.PositiveIntegerField(null=True),
        ),
    ]
