"""The templates that a simulated account starts with: name, category and parts."""

from typing import Any

Json = dict[str, Any]

_SAMPLE = {"header_handle": ["4::aW1hZ2UvcG5n"]}


def _card(words: str, product: str) -> Json:
    return {
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": _SAMPLE},
            {"type": "BODY", "text": words},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Ver na loja",
                        "url": f"https://example.com/{product}?de={{{{1}}}}",
                        "example": [f"https://example.com/{product}?de=zap"],
                    },
                    {"type": "QUICK_REPLY", "text": "Quero este"},
                ],
            },
        ]
    }


SEED: list[tuple[str, str, list[Json]]] = [
    (
        "boas_vindas",
        "UTILITY",
        [{"type": "BODY", "text": "Olá! Recebemos seu contato e já vamos responder."}],
    ),
    (
        "pedido_saiu",
        "UTILITY",
        [
            {"type": "HEADER", "format": "TEXT", "text": "Pedido a caminho"},
            {
                "type": "BODY",
                "text": "Olá {{1}}, seu pedido {{2}} saiu para entrega.",
                "example": {"body_text": [["Marina", "A-1042"]]},
            },
            {"type": "FOOTER", "text": "Responda esta mensagem se precisar de ajuda."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Acompanhar",
                        "url": "https://example.com/pedidos/{{1}}",
                        "example": ["https://example.com/pedidos/A-1042"],
                    },
                    {"type": "QUICK_REPLY", "text": "Falar com alguém"},
                ],
            },
        ],
    ),
    (
        "cupom_de_volta",
        "MARKETING",
        [
            {
                "type": "BODY",
                "text": "Sentimos sua falta, {{1}}! Aqui vai um cupom para você.",
                "example": {"body_text": [["Marina"]]},
            },
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "COPY_CODE", "text": "Copiar código", "example": "VOLTE10"},
                    {"type": "QUICK_REPLY", "text": "Parar promoções"},
                ],
            },
        ],
    ),
    (
        "novidades",
        "MARKETING",
        [
            {
                "type": "BODY",
                "text": "Oi, {{1}}! *Chegou coisa nova* na loja:",
                "example": {"body_text": [["Marina"]]},
            },
            {
                "type": "CAROUSEL",
                "cards": [
                    _card("Tênis leve, em três cores.", "tenis"),
                    _card("Mochila que aguenta chuva.", "mochila"),
                ],
            },
        ],
    ),
    (
        "oferta_relampago",
        "MARKETING",
        [
            {"type": "HEADER", "format": "IMAGE", "example": _SAMPLE},
            {
                "type": "LIMITED_TIME_OFFER",
                "limited_time_offer": {"text": "Só até sexta!", "has_expiration": True},
            },
            {"type": "BODY", "text": "Frete grátis em _toda_ a loja. Use o código na sacola."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "COPY_CODE", "text": "Copiar código", "example": "FRETE0"},
                    {
                        "type": "URL",
                        "text": "Ir para a loja",
                        "url": "https://example.com/oferta?{{1}}",
                        "example": ["https://example.com/oferta?zap"],
                    },
                ],
            },
        ],
    ),
]
