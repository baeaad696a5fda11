from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_rates"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="messages_per_month",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="That it sends in a calendar month of UTC. Empty: as many as it likes.",
                null=True,
                verbose_name="messages a month",
            ),
        ),
    ]
