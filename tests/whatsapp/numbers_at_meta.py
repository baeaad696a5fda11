"""What Meta answers about a number that is in order, and how tests change a part of it."""

import copy
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import responses

from tenants import context
from tests.conftest import APP_SECRET, PHONES
from whatsapp import signature
from whatsapp.webhooks.models import MetaApp, WebhookDelivery

DOOR = "https://our.test/webhook/whatsapp/"
BASE = "https://graph.facebook.com/v25.0"
NUMBER, WABA, SHOWN = PHONES["acme"]
MANAGE, SEND = "whatsapp_business_management", "whatsapp_business_messaging"
TOKEN = "EAAB0123456789abcdef"
ERROR = {"error": {"code": 190, "message": "Session has expired"}}


class Meta:
    """Answers for one number; a test says what is different: ``meta.number["status"] = ...``."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.mock = mock
        self.asked: list[str] = []
        self.token: dict[str, Any] = {
            "app_id": "1000",
            "type": "SYSTEM_USER",
            "is_valid": True,
            "expires_at": 0,
            "scopes": [MANAGE, SEND],
            "granular_scopes": [{"scope": one, "target_ids": [WABA]} for one in (MANAGE, SEND)],
        }
        self.number: dict[str, Any] = {
            "id": NUMBER,
            "display_phone_number": SHOWN,
            "verified_name": "Loja",
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_2K",
            "webhook_configuration": {"application": "https://our.test/webhook/whatsapp/"},
        }
        self.subscribed = ["1000"]
        self.door: int | Exception = 200
        self.works = True
        self.meanwhile: Callable[[], object] | None = None  # done once, while we are being asked
        # By "GET debug_token", "POST register", ...: (status, document) or an exception.
        self.instead: dict[str, Any] = {}
        for method in ("GET", "POST"):
            mock.add_callback(method, re.compile(".*"), self.answering(method))

    def refuse(self, call: str, code: int, status: int = 400, detail: str = "no") -> None:
        self.instead[call] = (status, {"error": {"code": code, "message": detail}})

    def answering(self, method: str):
        def answer(request):
            if request.url.startswith(DOOR):
                return self._door(request)
            path = request.url.partition("?")[0].removeprefix(BASE + "/")
            edge = path.rpartition("/")[2]
            name = "number" if edge == NUMBER else edge
            self.asked.append(f"{method} {name}")
            if self.meanwhile is not None:
                act, self.meanwhile = self.meanwhile, None
                act()
            if f"{method} {name}" in self.instead:
                end = self.instead[f"{method} {name}"]
                if isinstance(end, Exception):
                    raise end
                return (end[0], {}, json.dumps(end[1]))
            self._check(request, edge)
            return (200, {}, json.dumps(self._document(method, name)))

        return answer

    def _door(self, request):
        """Be our own door: what is signed is stored, and taken in at once."""
        if isinstance(self.door, Exception):
            raise self.door
        if self.door != 200:
            return (self.door, {}, "")
        assert signature.verify(request.body, request.headers["X-Hub-Signature-256"], [APP_SECRET])
        with context.platform():
            WebhookDelivery.objects.create(
                app=MetaApp.objects.get(),
                body=request.body,
                sha256=hashlib.sha256(request.body).digest(),
                state="DONE" if self.works else "NEW",
            )
        return (200, {}, "")

    def _check(self, request, edge: str) -> None:
        bearer = f"Bearer 1000|{APP_SECRET}" if edge == "debug_token" else f"Bearer {TOKEN}"
        assert request.headers["Authorization"] == bearer

    def _document(self, method: str, name: str) -> Any:
        if name == "debug_token":
            return {"data": copy.deepcopy(self.token)}
        if name == "phone_numbers":
            return {"data": [self.number], "paging": {"cursors": {"after": "x"}}}
        if name == "subscribed_apps" and method == "GET":
            return {
                "data": [{"whatsapp_business_api_data": {"id": one}} for one in self.subscribed]
            }
        if name == "subscribed_apps":
            self.subscribed.append("1000")
        if name == "register":
            self.number |= {"status": "CONNECTED", "platform_type": "CLOUD_API"}
        return self.number if name == "number" and method == "GET" else {"success": True}
