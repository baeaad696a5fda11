"""docs/api.md, executed as it is written: a shell, curl, and a server over real HTTP."""

import json
import os
import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from conversations.models import Message
from tenants import context
from tests.conversations.sending import conversation_with, message_in

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
EXAMPLE = re.findall(r"^```json\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
MARK = "=== end of block"

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl."),
]


@pytest.fixture
def conversation(people, phones, acme):
    """The newest of a few conversations, and the only one whose window is open."""
    with context.tenant(acme.schema_name):
        for number in range(3):
            opened_at = timezone.now() - timedelta(hours=50 - 24 * number)
            made = conversation_with(
                f"551198765432{number}", phone=phones["acme"], opened_at=opened_at
            )
            made.last_message = message_in(
                made, status="RECEIVED", timestamp=opened_at, wamid=f"w{number}"
            )
            made.last_message_at = opened_at
            made.save()
        return made


def test_every_block_does_what_the_text_says(live_server, conversation, acme, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    script = f"\necho; echo '{MARK}'\n".join(["set -euo pipefail", *BLOCKS, ""])

    run = subprocess.run(
        ["bash"],
        input=script,
        env={**os.environ, "BASE": live_server.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    outputs = [output.strip() for output in run.stdout.split(MARK)][1:-1]
    assert len(outputs) == len(BLOCKS)
    two, one, _walk, read, handled, sent, again, *_more, _grant, refusal, signed_out = outputs[2:]
    assert len(json.loads(two)["results"]) == 2
    assert len(json.loads(one)["results"]) == 1
    assert f'"conversation":{conversation.pk}' in read
    assert '"assignee":{"id":' in handled
    assert json.loads(sent)["status"] == "PENDING"
    assert again.startswith("HTTP/1.1 202")
    assert "Idempotent-Replayed: true" in again
    assert json.loads(refusal) == json.loads(EXAMPLE[0])
    assert signed_out == "204"
    with context.tenant(acme.schema_name):
        sent_types = Message.objects.filter(direction="OUTBOUND").order_by("pk")
        assert list(sent_types.values_list("type", flat=True)) == ["TEXT", "DOCUMENT"]
