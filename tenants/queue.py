"""The one door to Celery. A task is a nudge: it may be lost or run twice without harm."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from celery import current_app, shared_task
from django.db import transaction

from tenants import context
from tenants.models import Tenant

logger = logging.getLogger(__name__)


def enqueue(path: str, **kwargs: Any) -> None:
    """Nudge a task of the current tenant after the commit; never raises (the sweeper is there)."""
    schema = context.current_schema()
    transaction.on_commit(lambda: _send(path, {"schema": schema, **kwargs}))


def nudge(path: str, **kwargs: Any) -> None:
    """Nudge a task of the platform after the commit; never raises."""
    transaction.on_commit(lambda: _send(path, kwargs))


def tenant_task(function: Callable[..., None]) -> Callable[..., None]:
    """Make a task that runs in its sender's schema, and only while that tenant is active."""

    @wraps(function)
    def run(*, schema: str, **kwargs: Any) -> None:
        with context.platform():
            active = Tenant.objects.filter(schema_name=schema, status=Tenant.Status.ACTIVE).exists()
        if not active:
            logger.warning("task %s skipped: tenant %s is not active", function.__name__, schema)
            return
        with context.tenant(schema):
            function(**kwargs)

    return _register(run)


def platform_task(function: Callable[..., None]) -> Callable[..., None]:
    """Make a task that runs outside every tenant; it enters what it needs by itself."""

    @wraps(function)
    def run(**kwargs: Any) -> None:
        function(**kwargs)

    return _register(run)


def _register(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def guarded(**kwargs: Any) -> None:
        context.leave()
        try:
            run(**kwargs)
        except Exception:
            # The border of the process: rows stay as they are, and the sweeper comes by.
            logger.exception("task %s failed", run.__name__)
        finally:
            context.leave()

    task: Callable[..., None] = shared_task(name=f"{run.__module__}.{run.__name__}")(guarded)
    return task


def _send(path: str, kwargs: dict[str, Any]) -> None:
    try:
        current_app.send_task(path, kwargs=kwargs)
    except Exception:
        logger.warning("nudge %s lost: the broker does not answer", path)
