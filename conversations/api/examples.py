"""What the API's description shows as requests and answers."""

from typing import Any

QUEUED: dict[str, Any] = {
    "id": 1204,
    "conversation": 7,
    "phone": 1,
    "client_id": "0d9c3f0e-5b7a-4d0e-9d53-1f6a0a3c9b21",
    "wamid": None,
    "direction": "OUTBOUND",
    "type": "TEXT",
    "status": "PENDING",
    "timestamp": "2026-11-10T12:00:00Z",
    "created_at": "2026-11-10T12:00:00Z",
    "author": {"id": 3, "name": "Ana"},
    "api_key": None,
    "retry_of": None,
    "media": None,
    "error": None,
    "context": None,
    "referral": None,
    "reactions": [],
    "edited_at": None,
    "revoked_at": None,
    "text": {"body": "Bom dia! O pedido já saiu."},
}
RECEIVED: dict[str, Any] = {
    **QUEUED,
    "id": 1203,
    "client_id": None,
    "wamid": "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFDNB",
    "direction": "INBOUND",
    "type": "IMAGE",
    "status": "RECEIVED",
    "author": None,
    "api_key": None,
    "media": 51,
    "image": {"id": "1033", "mime_type": "image/jpeg", "caption": "Chegou assim"},
}
del RECEIVED["text"]
FAILED: dict[str, Any] = {
    **QUEUED,
    "status": "FAILED",
    "error": {
        "code": 131047,
        "title": "More than 24 hours have passed since the customer's last message.",
        "detail": "Re-engagement message",
        "whose": "us",
        "action": "Send a template instead.",
    },
}
CANCELLED: dict[str, Any] = {
    **QUEUED,
    "status": "CANCELLED",
    "error": {
        "code": None,
        "title": "Taken back before it was sent.",
        "detail": "Ana",
        "whose": "us",
        "action": "",
    },
}
CONTACT: dict[str, Any] = {
    "id": 5,
    "name": "",
    "profile_name": "Marina Souza",
    "wa_id": "5511987654321",
    "marketing_opted_out_at": None,
    "attributes": {"cliente_desde": "2024-03-01"},
}
CONSENT: dict[str, Any] = {
    "id": 9,
    "kind": "MARKETING",
    "value": "STOP",
    "source": "OPERATOR",
    "said_at": "2026-11-10T12:00:00Z",
    "wamid": "",
    "note": "By phone",
    "author": {"id": 3, "name": "Ana"},
    "api_key": None,
    "created_at": "2026-11-10T12:00:00Z",
}
MEDIA: dict[str, Any] = {
    "id": 51,
    "state": "STORED",
    "name": "",
    "mime_type": "image/jpeg",
    "size_bytes": 184320,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "width": 1200,
    "height": 1600,
    "error": None,
    "created_at": "2026-11-10T12:00:01Z",
}
CONVERSATION: dict[str, Any] = {
    "id": 7,
    "phone": 1,
    "contact": CONTACT,
    "status": "OPEN",
    "snoozed_until": None,
    "assignee": {"id": 3, "name": "Ana"},
    "labels": [{"id": 2, "name": "Trocas", "color": "ORANGE"}],
    "unread_count": 1,
    "last_message_at": "2026-11-10T12:00:00Z",
    "last_message": RECEIVED,
    "window_closes_at": "2026-11-11T11:59:00Z",
    "created_at": "2026-11-01T09:30:00Z",
}


def page(of: str, *results: dict[str, Any]) -> dict[str, Any]:
    """Return a page of a list with more to come."""
    url = f"https://acme.example.com/api/v1/tenant/6f1c2b1e-8a54-4c1f-9a3e-0d6c1a2b3c4d/{of}"
    return {"results": list(results), "next": f"{url}?cursor=bnwyMDI2.9f2c", "previous": None}


TEMPLATE_QUEUED: dict[str, Any] = {
    **QUEUED,
    "type": "TEMPLATE",
    "template": {
        "name": "pedido_saiu",
        "language": {"code": "pt_BR"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "Marina"}]}],
    },
}
del TEMPLATE_QUEUED["text"]
BROADCAST: dict[str, Any] = {
    "id": 12,
    "name": "Natal",
    "phone": 1,
    "template": {"name": "pedido_saiu", "language": "pt_BR"},
    "status": "RUNNING",
    "pause_reason": "",
    "waiting_for": "",
    "waits_until": None,
    "problem": "",
    "total": 5000,
    "counts": {"READY": 3200, "SKIPPED": 14, "SENT": 300, "DELIVERED": 1480, "FAILED": 6},
    "percent": 35,
    "author": {"id": 3, "name": "Ana"},
    "api_key": None,
    "created_at": "2026-11-10T12:00:00Z",
    "started_at": "2026-11-10T12:04:00Z",
    "finished_at": None,
}
PREPARING: dict[str, Any] = {
    **BROADCAST,
    "status": "PREPARING",
    "total": 0,
    "counts": {},
    "percent": 0,
    "started_at": None,
}
FORECAST: dict[str, Any] = {
    "rows": 5000,
    "ready": 4986,
    "at_once": 1674,
    "opted_out": 9,
    "finishes_at": "2026-11-12T12:10:00Z",
    "quota_left": 25000,
    "limit": {"people": 2000, "used": 412, "counting": 4900, "waiting": 3312},
    "cost": {"amount": "311.625000", "currency": "USD", "unpriced": [], "unpriced_rows": 0},
}
RECIPIENT: dict[str, Any] = {
    "position": 7,
    "to": "+55 11 98765-432",
    "state": "SKIPPED",
    "reason": "INVALID_NUMBER",
    "detail": "This is no telephone number.",
    "first_row": None,
    "message": None,
    "conversation": None,
}
