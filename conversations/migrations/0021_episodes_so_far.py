from django.db import migrations

# Of what is open, the customer's times since then are not looked for among all messages: the newest
# one is known. Of what was closed before nobody knows when.
_BEGIN = """
    INSERT INTO conversations_episode (conversation_id, opened_at)
    SELECT id, window_opened_at FROM conversations_conversation
    WHERE window_opened_at IS NOT NULL AND merged_into_id IS NULL
        AND status NOT IN ('CLOSED', 'ARCHIVED')
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0020_episodes")]

    operations = [migrations.RunSQL(_BEGIN, migrations.RunSQL.noop)]
