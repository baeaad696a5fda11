"""Meta's App Dashboard, as far as it is needed: a business brings a Meta app of its own."""

from typing import Any

from whatsapp.simulator import handshake, wishes
from whatsapp.simulator.config import check_callback_url
from whatsapp.simulator.engine import Engine
from whatsapp.simulator.handshake import HandshakeError
from whatsapp.simulator.registry import Grant, MetaApp
from whatsapp.simulator.wishes import WishError

Json = dict[str, Any]
_TEXTS = ("app_id", "app_secret", "verify_token", "callback_url")


async def add_app(engine: Engine, data: Json) -> Json:
    """Add an app once its callback address has shaken hands; return a token of it.

    The token opens the account of `phone_number_id`. Subscribing is left to who gets it.
    Raises: WishError, ConfigError.
    """
    wishes.only(data, *_TEXTS, "phone_number_id")
    texts = {name: wishes.text(data, name, "") for name in _TEXTS}
    for name, value in texts.items():
        if not value:
            raise WishError(f"{name}: a text is needed.")
    registry = engine.world.registry
    number = registry.numbers.get(wishes.text(data, "phone_number_id", ""))
    if number is None:
        raise WishError("phone_number_id: no such number.", 404)
    if texts["app_id"] == registry.app.app_id:
        raise WishError("app_id: this is the platform's app.")
    try:
        url = check_callback_url(texts["callback_url"])
        await handshake.verify(engine, url, texts["verify_token"])
    except HandshakeError as error:
        raise WishError(str(error), 502) from error
    app = registry.apps[texts["app_id"]] = MetaApp(**texts)
    token = engine.world.ids.secret()
    registry.grants[token] = Grant(app.app_id, {number.phone.waba_id})
    engine.world.touch()
    return {"app_id": app.app_id, "token": token}
