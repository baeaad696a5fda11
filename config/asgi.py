"""Everything on one port: webhooks past Django, sockets past its HTTP handler, pages through it."""

import os
import time

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

from config import collector  # noqa: E402 - after Django is set up, as what follows wants it
from config.ingest import door, lifespan  # noqa: E402
from config.leaving import Leaving  # noqa: E402
from tenants import sockets  # noqa: E402
from whatsapp.webhooks.ingest.app import Receive, Scope, Send  # noqa: E402


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a connection to whom it belongs."""
    if scope["type"] == "websocket":
        await sockets.application(scope, receive, send)
    elif scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif door.serves(scope["path"]):
        await door(scope, receive, send)
    else:
        # Before the request waits for a thread: it decides which of two came first.
        scope["arrived_at"] = time.time()
        await pages(scope, receive, send)


application = Leaving(_application)
collector.spare()  # daphne tells nobody when it is ready
