"""Signed webhooks as Meta sends them, rendered before the clock starts."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

CUSTOMERS = 5_000
WAMID_START = "wamid.HBgNNTUxMTk4NzY1"
PATH = "/webhook/whatsapp/"
_TEXT = (
    "Olá! Gostaria de saber se o pedido já saiu para entrega, porque amanhã não estarei em casa. "
    "Se precisar, pode deixar com a vizinha do apartamento ao lado. Obrigada, e bom trabalho! ❤ "
    "Ah, e se for possível mandar a nota fiscal por aqui mesmo, agradeço: a última que recebi por "
    "e-mail veio sem o número do pedido, e a contabilidade não aceitou o comprovante."
)


@dataclass(frozen=True, slots=True)
class Number:
    """A business number that events name."""

    phone_number_id: str
    waba_id: str
    display: str = "551140001001"


def text_requests(
    count: int, *, secret: str, numbers: Sequence[Number], path: str = PATH, start: int = 0
) -> list[bytes]:
    """Return ``count`` complete HTTP requests, each with one new text message.

    Message ``n`` (from ``start``) has the id ``wamid(n)`` and goes to ``numbers`` in turn.
    """
    key = secret.encode()
    return [
        as_request(_body(index, numbers[index % len(numbers)]), key=key, path=path)
        for index in range(start, start + count)
    ]


def wamid(index: int) -> str:
    return f"{WAMID_START}{index:012d}"


def as_request(body: bytes, *, key: bytes, path: str = PATH) -> bytes:
    """Wrap a body into a signed POST."""
    signature = hmac.new(key, body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: facebookexternalua\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(index: int, number: Number) -> bytes:
    customer = f"55119{10_000_000 + index % CUSTOMERS}"
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.display,
            "phone_number_id": number.phone_number_id,
        },
        "contacts": [
            {"profile": {"name": f"João Conceição {index % CUSTOMERS}"}, "wa_id": customer}
        ],
        "messages": [
            {
                "from": customer,
                "id": wamid(index),
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": f"{_TEXT} ({index})"},
            }
        ],
    }
    change = {"value": value, "field": "messages"}
    entry = {"id": number.waba_id, "changes": [change]}
    document = {"object": "whatsapp_business_account", "entry": [entry]}
    # Meta escapes everything beyond ASCII.
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
