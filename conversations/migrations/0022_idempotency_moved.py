from django.db import migrations


class Migration(migrations.Migration):
    """Hand a table over to ``feed``; nothing happens to it."""

    dependencies = [("conversations", "0021_episodes_so_far"), ("feed", "0005_idempotency")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.DeleteModel(name="IdempotencyKey")],
        ),
    ]
