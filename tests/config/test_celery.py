"""What a worker's connection to its broker does when the broker goes away."""

from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from kombu import Queue

from config.celery import app
from tests.whatsapp.webhooks.proxy import Line


@pytest.fixture
def line():
    address = urlsplit(settings.CELERY_BROKER_URL)
    line = Line(address.hostname, address.port)
    yield line
    line.cut()


def test_a_worker_outlives_a_broker_that_goes_away_while_nudges_are_in_hand(line):
    """Nobody hands them back: the sweeper finds what they were about. kombu's own raised here."""
    address = urlsplit(settings.CELERY_BROKER_URL)
    place = address.netloc.removesuffix(f":{address.port}") + f":{line.port}"
    connection = app.connection_for_read(url=address._replace(netloc=place).geturl())
    channels = [connection.default_channel, connection.channel()]
    taken: list[object] = []
    for channel in channels:
        queue = Queue(f"test-{uuid4().hex}")
        connection.Producer(channel).publish({}, routing_key=queue.name, declare=[queue])
        connection.Consumer(
            queue, channel=channel, callbacks=[lambda _, message: taken.append(message)]
        ).consume()
    while len(taken) < len(channels):
        connection.drain_events(timeout=10)
    line.cut()

    # As a worker does, before it connects again.
    connection.collect(socket_timeout=1)
    connection.release()
    for channel in channels:  # as at the process's end
        channel.qos.restore_unacked_once()

    assert not any(channel.qos._delivered for channel in channels)
