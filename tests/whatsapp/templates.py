"""Templates as Meta lists them, and their rows."""

from datetime import UTC, datetime
from typing import Any

from tests.conftest import PHONES
from whatsapp.models import MessageTemplate

WABA = PHONES["acme"][1]
URL = f"https://graph.facebook.com/v25.0/{WABA}/message_templates"
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)
BODY = {"type": "BODY", "text": "Olá {{1}}, seu pedido {{2}} saiu."}


def listed(name: str, *, language: str = "pt_BR", **changes: Any) -> dict[str, Any]:
    return {
        "id": str(int.from_bytes(f"{name}{language}".encode()[-5:])),
        "name": name,
        "language": language,
        "status": "APPROVED",
        "category": "UTILITY",
        "components": [BODY],
        "parameter_format": "POSITIONAL",
        "quality_score": {"score": "GREEN"},
        **changes,
    }


def template(name: str = "pedido_saiu", *, waba_id: str = WABA, **fields: Any) -> MessageTemplate:
    """Create a row in the current tenant."""
    values = {
        "template_id": "700",
        "language": "pt_BR",
        "category": "UTILITY",
        "status": "APPROVED",
        "components": [BODY],
        "status_at": LONG_AGO,
        "quality_at": LONG_AGO,
        "category_at": LONG_AGO,
        "synced_at": LONG_AGO,
        **fields,
    }
    return MessageTemplate.objects.create(waba_id=waba_id, name=name, **values)
