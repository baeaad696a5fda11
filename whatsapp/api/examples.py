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
_FACT: dict[str, Any] = {
    "matter": "quality",
    "title": "Quality",
    "word": "YELLOW",
    "state": "WARNING",
    "code": "quality_yellow",
    "what": "Medium: customers have blocked or reported the number.",
    "fix": "Write only to those who want it, and make it easy to say stop.",
    "source": "CHECK",
    "at": "2026-11-10T11:58:00Z",
}
PHONE: dict[str, Any] = {
    "id": 1,
    "phone_number_id": "106540352242922",
    "waba_id": "102290129340398",
    "display_phone_number": "+55 11 4000-1001",
    "name": "Loja Centro",
    "status": "ACTIVE",
    "health": "OK",
    "health_checked_at": "2026-11-10T11:58:00Z",
    "last_webhook_at": "2026-11-10T11:59:46Z",
    "read_policy": "ON_OPEN",
    "read_marks_failed": 0,
    "foreign_statuses": 0,
    "created_at": "2026-10-01T09:00:00Z",
    "facts": [_FACT],
    "sending": {
        "per_second": 80.0,
        "most_per_second": 80.0,
        "recovers_at": None,
        "paused_until": None,
        "bulk_paused_until": None,
        "people": 2000,
        "used": 412,
        "sharing": 1,
    },
}
PHONE_PAGE: dict[str, Any] = {"results": [PHONE], "next": None, "previous": None}
_STEP: dict[str, Any] = {
    "step": "token",
    "title": "Access token",
    "state": "OK",
    "code": "token_valid",
    "what": "Meta takes the token.",
    "fix": "",
}
_NUMBER_JOB: dict[str, Any] = {**JOB, "subject": "106540352242922", "account": "106540352242922"}
CONNECT_JOB: dict[str, Any] = {
    **_NUMBER_JOB,
    "kind": "NUMBER_CONNECT",
    "state": "RUNNING",
    "steps": [_STEP],
}
CHECK_JOB: dict[str, Any] = {**_NUMBER_JOB, "kind": "NUMBER_CHECK"}
TOKEN_JOB: dict[str, Any] = {**_NUMBER_JOB, "kind": "NUMBER_TOKEN"}
