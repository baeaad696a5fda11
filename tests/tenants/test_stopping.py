"""A process that is asked to end takes no more work."""

import threading
import time

import pytest

from config import celery
from tenants import stopping


@pytest.fixture(autouse=True)
def _go_on():
    yield
    stopping.forget()


def test_celery_s_word_is_heard():
    assert not stopping.asked()

    celery.worker_shutting_down.send(sender=None, sig="TERM", how="Warm", exitcode=0)

    assert stopping.asked()


def test_a_sleep_ends_with_the_word():
    began = time.monotonic()
    threading.Timer(0.05, stopping.ask).start()

    assert stopping.wait(30)
    assert time.monotonic() - began < 10
    assert stopping.wait(0)


def test_a_sleep_that_nobody_disturbs_says_so():
    assert not stopping.wait(0.001)
