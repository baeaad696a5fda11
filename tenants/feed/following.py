"""Who looks at a tenant's changes, where that is wanted: a task of an app above.

Whether somebody does stands in the counter's row, which every writer gets back anyway.
"""

from tenants import queue

_task: list[str] = []


def by(path: str) -> None:
    """Name the task; for the app that has it, when it starts."""
    _task[:] = [path]


def wake() -> None:
    """Nudge it for the current tenant after the commit. Never raises."""
    for path in _task:
        queue.enqueue(path)
