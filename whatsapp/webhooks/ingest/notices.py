"""Log lines that a flood cannot multiply."""

import logging
import time

EVERY_SECONDS = 10.0
_logger = logging.getLogger("whatsapp.webhooks.ingest")
_quiet_until: dict[str, float] = {}
_unsaid: dict[str, int] = {}


def warn(kind: str, detail: object = "") -> None:
    """Log one warning of a kind in ten seconds; the next one says how many were left out.

    ``kind`` is a fixed text of ours, and ``detail`` never anything that a stranger sent.
    """
    now = time.monotonic()
    if now < _quiet_until.get(kind, 0.0):
        _unsaid[kind] = _unsaid.get(kind, 0) + 1
        return
    _quiet_until[kind] = now + EVERY_SECONDS
    _logger.warning("%s: %s (%d more since the last such line)", kind, detail, _unsaid.pop(kind, 0))
