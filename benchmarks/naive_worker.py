"""The worker that one would write first, as a baseline: stock Django, one event a time by the ORM.

`python -m benchmarks.naive_worker make` makes its tables; `... drain` works on what is new, prints
what it took as JSON. It has no tenants, no queue to fetch tasks from, and keeps its connection:
with Celery around it, each event would cost half a millisecond more.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

import django
import environ
from django.conf import settings

settings.configure(
    SECRET_KEY="benchmark",
    DATABASES={"default": environ.Env().db("DATABASE_URL")},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    INSTALLED_APPS=[],
)
settings.DATABASES["default"]["CONN_MAX_AGE"] = None
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - after the settings

from benchmarks.stage import pss_mib  # noqa: E402


class Model(models.Model):
    class Meta:
        abstract = True
        app_label = "naive"

    def __str__(self) -> str:
        return f"#{self.pk}"


class Event(Model):
    body = models.BinaryField()
    done = models.BooleanField(default=False, db_index=True)


class Contact(Model):
    wa_id = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)


class Conversation(Model):
    phone_number_id = models.CharField(max_length=40)
    contact = models.ForeignKey(Contact, models.CASCADE)
    unread_count = models.IntegerField(default=0)
    window_opened_at = models.DateTimeField(null=True)
    last_message_at = models.DateTimeField(null=True)

    class Meta(Model.Meta):
        unique_together = [("phone_number_id", "contact")]


class Message(Model):
    conversation = models.ForeignKey(Conversation, models.CASCADE)
    wamid = models.CharField(max_length=200, unique=True)
    text = models.TextField()
    timestamp = models.DateTimeField()


TABLES = (Event, Contact, Conversation, Message)


@transaction.atomic
def process(event_id: int) -> None:
    event = Event.objects.select_for_update().get(pk=event_id)
    for entry in json.loads(event.body)["entry"]:
        for change in entry["changes"]:
            _change(change["value"])
    event.done = True
    event.save(update_fields=["done"])


def _change(value: dict) -> None:
    names = {one["wa_id"]: one["profile"]["name"] for one in value["contacts"]}
    for message in value["messages"]:
        wa_id, at = message["from"], datetime.fromtimestamp(int(message["timestamp"]), UTC)
        contact, _ = Contact.objects.get_or_create(wa_id=wa_id, defaults={"name": names[wa_id]})
        number = value["metadata"]["phone_number_id"]
        thread, _ = Conversation.objects.get_or_create(phone_number_id=number, contact=contact)
        text = message["text"]["body"]
        _, is_new = Message.objects.get_or_create(
            wamid=message["id"], defaults={"conversation": thread, "text": text, "timestamp": at}
        )
        if is_new:
            thread.unread_count = models.F("unread_count") + 1
            thread.window_opened_at = thread.last_message_at = at
            thread.save()


def main(what: str) -> None:
    if what == "make":
        with connection.schema_editor() as editor:
            for table in TABLES:
                editor.create_model(table)
        return
    ids = list(Event.objects.filter(done=False).order_by("pk").values_list("pk", flat=True))
    began, cpu = time.monotonic(), time.process_time()
    for event_id in ids:
        process(event_id)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    took = {"count": len(ids), "seconds": wall, "cpu": cpu, "pss": pss_mib(os.getpid())}
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1])
