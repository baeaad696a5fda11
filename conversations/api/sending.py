"""What may be sent, as the API's description shows it: one body of each kind."""

from typing import Any

_WAMID = "wamid.HBgNNTUxMTk4NzY1NDMyMRUCABIYFDNB"


def _interactive(kind: str, text: str, action: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"type": kind, "body": {"text": text}, "action": action, **more}
    return {"conversation": 7, "type": "interactive", "interactive": content}


REQUESTS: dict[str, dict[str, Any]] = {
    "Into a conversation": {
        "conversation": 7,
        "type": "text",
        "text": {"body": "Bom dia! O pedido já saiu."},
    },
    "To a number": {
        "to": "+5511987654321",
        "type": "text",
        "text": {"body": "Acompanhe em https://example.com/p/42", "preview_url": True},
    },
    "A reply that quotes": {
        "conversation": 7,
        "type": "text",
        "text": {"body": "Esse mesmo!"},
        "context": {"message_id": _WAMID},
    },
    "Only validated": {
        "conversation": 7,
        "type": "text",
        "text": {"body": "Bom dia!"},
        "dry_run": True,
    },
    "Location": {
        "conversation": 7,
        "type": "location",
        "location": {
            "latitude": "-23.5614",
            "longitude": "-46.6559",
            "name": "Loja Acme",
            "address": "Av. Paulista, 1000",
        },
    },
    "Photo": {
        "conversation": 7,
        "type": "image",
        "image": {"media": 51, "caption": "Ficou assim"},
    },
    "Document": {
        "conversation": 7,
        "type": "document",
        "document": {"media": 52, "filename": "Nota fiscal 4821.pdf"},
    },
    "Voice message": {
        "conversation": 7,
        "type": "audio",
        "audio": {"media": 53, "voice": True},
    },
    "Contact card": {
        "conversation": 7,
        "type": "contacts",
        "contacts": [
            {
                "name": {"formatted_name": "Ana Lima", "first_name": "Ana"},
                "phones": [{"phone": "+55 11 4000-1001", "type": "WORK"}],
            }
        ],
    },
    "Buttons": _interactive(
        "button",
        "Confirma a entrega amanhã?",
        {
            "buttons": [
                {"type": "reply", "reply": {"id": "yes", "title": "Confirmo"}},
                {"type": "reply", "reply": {"id": "no", "title": "Outro dia"}},
            ]
        },
        footer={"text": "Responda até as 18h"},
    ),
    "Buttons below a photo": _interactive(
        "button",
        "É este o modelo?",
        {"buttons": [{"type": "reply", "reply": {"id": "yes", "title": "É esse"}}]},
        header={"type": "image", "image": {"media": 51}},
    ),
    "List": _interactive(
        "list",
        "Como podemos ajudar?",
        {
            "button": "Ver opções",
            "sections": [
                {
                    "title": "Pedidos",
                    "rows": [
                        {"id": "track", "title": "Rastrear", "description": "Onde está o pedido"},
                        {"id": "return", "title": "Devolver"},
                    ],
                }
            ],
        },
        header={"type": "text", "text": "Atendimento"},
    ),
    "Link": _interactive(
        "cta_url",
        "Seu boleto está pronto.",
        {
            "name": "cta_url",
            "parameters": {"display_text": "Abrir boleto", "url": "https://example.com/b/42"},
        },
    ),
    "Flow": _interactive(
        "flow",
        "Agende sua visita.",
        {
            "name": "flow",
            "parameters": {
                "flow_message_version": "3",
                "flow_id": "1033",
                "flow_cta": "Agendar",
                "flow_token": "visit-42",
            },
        },
    ),
    "Request for a location": _interactive(
        "location_request_message", "Onde entregamos?", {"name": "send_location"}
    ),
    "Request for the number": _interactive(
        "request_contact_info", "Podemos ligar?", {"name": "request_contact_info"}
    ),
}
DRY_RUN: dict[str, Any] = {
    "dry_run": True,
    "conversation": 7,
    "phone": 1,
    "type": "TEXT",
    "text": {"body": "Bom dia!"},
}
