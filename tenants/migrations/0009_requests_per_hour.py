from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_mail"),
    ]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="requests_per_hour",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Of all its programs together. Empty: as many as they like.",
                null=True,
                verbose_name="API requests an hour",
            ),
        ),
    ]
