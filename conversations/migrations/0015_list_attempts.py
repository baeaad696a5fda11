from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0014_limit"),
    ]

    operations = [
        migrations.AddField(
            model_name="broadcast",
            name="list_attempts",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
