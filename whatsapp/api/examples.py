"""What the API's description shows as requests and answers about templates."""

from typing import Any

BODY: dict[str, Any] = {
    "type": "BODY",
    "text": "Olá {{1}}, seu pedido saiu para entrega.",
    "example": {"body_text": [["Marina"]]},
}
TEMPLATE: dict[str, Any] = {
    "id": 12,
    "account": "102290129340398",
    "template_id": "594425479261596",
    "name": "pedido_saiu",
    "language": "pt_BR",
    "category": "UTILITY",
    "status": "APPROVED",
    "reason": "",
    "quality": "GREEN",
    "parameter_format": "POSITIONAL",
    "components": [BODY],
    "fields": [
        {"key": "body.1", "kind": "text", "example": "Marina", "is_required": True, "card": 0}
    ],
    "synced_at": "2026-11-10T12:00:00Z",
}
NEW: dict[str, Any] = {
    "name": "pedido_saiu",
    "language": "pt_BR",
    "category": "UTILITY",
    "components": [BODY],
}
JOB: dict[str, Any] = {
    "id": 31,
    "kind": "TEMPLATES_SYNC",
    "state": "QUEUED",
    "subject": "102290129340398",
    "account": "102290129340398",
    "done": 0,
    "total": None,
    "error_code": None,
    "error": "",
    "steps": [],
    "result": None,
    "created_at": "2026-11-10T12:00:00Z",
    "finished_at": None,
}
JOB_DONE: dict[str, Any] = {
    **JOB,
    "state": "DONE",
    "done": 14,
    "total": 14,
    "result": {"templates": 14, "gone": 0},
    "finished_at": "2026-11-10T12:00:04Z",
}
PAGE: dict[str, Any] = {"results": [TEMPLATE], "next": None, "previous": None}
