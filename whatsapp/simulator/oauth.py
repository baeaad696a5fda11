"""Tokens: whether one is good, what it may do, and how a code becomes one."""

import hashlib
import hmac
from typing import Any

from whatsapp.simulator import params
from whatsapp.simulator.calls import Answer, Call
from whatsapp.simulator.errors import GraphError
from whatsapp.simulator.registry import MANAGEMENT, Grant
from whatsapp.simulator.world import World

_EXPIRED, _REVOKED = 463, 467
_CODE_USED, _CODE_EXPIRED, _CODE_UNKNOWN = 36009, 36007, 36008
_CODE_TEXTS = {
    _CODE_USED: "This authorization code has been used.",
    _CODE_EXPIRED: "This authorization code has expired.",
    _CODE_UNKNOWN: "Invalid verification code format.",
}


def check(world: World, token: str, *, proof: str | None = None) -> None:
    """Raise GraphError unless the token is known and good now, and so is its proof, if any."""
    if not token:
        text = "An access token is required to request this resource."
        raise GraphError(190, message=text, subcode=0)
    _check_proof(world, token, proof)
    if any(token == app.token for app in world.registry.apps.values()):
        return
    grant = world.registry.grants.get(token)
    if grant is None:
        text = "Invalid OAuth access token - Cannot parse access token"
        raise GraphError(190, message=text, subcode=0)
    trouble = _trouble(grant, world.now())
    if trouble is not None:
        raise trouble


def _check_proof(world: World, token: str, proof: str | None) -> None:
    app = world.registry.apps.get(_app_of(world, token))
    if app is None or proof is None:
        return
    wanted = hmac.new(app.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), proof.encode()):
        raise GraphError(100, message="Invalid appsecret_proof provided in the API argument")


def check_scope(world: World, token: str, scope: str) -> None:
    """Raise GraphError when the token lacks a permission."""
    grant = world.registry.grants.get(token)
    if grant is not None and scope in grant.scopes:
        return
    if scope == MANAGEMENT:
        raise GraphError(200, message=f"(#200) Requires {scope} permission to manage the object")
    raise GraphError(10)


async def debug_token(call: Call) -> Answer:
    """GET /debug_token?input_token=...: what a token may do; an unknown one is just not valid."""
    world, wanted = call.engine.world, call.request.query.get("input_token", "")
    if not wanted:
        raise params.required("input_token")
    grant = world.registry.grants.get(wanted)
    if grant is None:
        return Answer({"data": _invalid(190, "Invalid OAuth access token.")})
    if grant.app_id != _app_of(world, call.token):
        text = "(#100) The App_id in the input_token did not match the Viewing App"
        return Answer({"data": _invalid(100, text)})
    trouble = _trouble(grant, world.now())
    data: dict[str, Any] = {
        "app_id": grant.app_id,
        "type": "SYSTEM_USER",
        "application": "Balcao",
        "data_access_expires_at": 0,
        "expires_at": int(grant.expires_at),
        "is_valid": trouble is None,
        "scopes": list(grant.scopes),
        "granular_scopes": [_granular(scope, grant) for scope in grant.scopes],
    }
    if trouble is not None:
        error = {"code": 190, "message": trouble.message, "subcode": trouble.subcode}
        data["error"] = error
    return Answer({"data": data})


async def access_token(call: Call) -> Answer:
    """GET or POST /oauth/access_token: a code for a token, or the app's own token."""
    world, wanted = call.engine.world, {**call.request.query, **call.body()}
    known = ("client_id", "client_secret", "code", "grant_type", "redirect_uri")
    params.only(wanted, *known)
    client_id = params.text(wanted, "client_id", least=1, most=64)
    secret = params.text(wanted, "client_secret", least=1, most=200)
    app = world.registry.apps.get(client_id)
    if app is None:
        raise GraphError(101, message="Error validating application. There is no such app.")
    if not hmac.compare_digest(secret.encode(), app.app_secret.encode()):
        raise GraphError(1, message="Error validating client secret.")
    if wanted.get("grant_type") == "client_credentials":
        return Answer({"access_token": app.token, "token_type": "bearer"})
    token = _redeemed(world, params.text(wanted, "code", least=1, most=1000))
    return Answer({"access_token": token, "token_type": "bearer"})


def _app_of(world: World, token: str) -> str:
    """Return the app whose token this is, or which it is a token of; "" for none."""
    grant = world.registry.grants.get(token)
    if grant is not None:
        return grant.app_id
    return next((key for key, app in world.registry.apps.items() if app.token == token), "")


def _invalid(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}, "is_valid": False, "scopes": []}


def _redeemed(world: World, given: str) -> str:
    code = world.registry.codes.get(given)
    if code is None:
        raise _refused(_CODE_UNKNOWN)
    if code.used:
        raise _refused(_CODE_USED)
    if world.now() >= code.expires_at:
        raise _refused(_CODE_EXPIRED)
    code.used = True
    world.touch()
    return code.token


def _refused(subcode: int) -> GraphError:
    return GraphError(100, message=_CODE_TEXTS[subcode], subcode=subcode)


def _trouble(grant: Grant, now: float) -> GraphError | None:
    if grant.revoked:
        text = "Error validating access token: The session is invalid."
        return GraphError(190, message=text, subcode=_REVOKED)
    return GraphError(190, subcode=_EXPIRED) if grant.is_expired(now) else None


def _granular(scope: str, grant: Grant) -> dict[str, Any]:
    return {"scope": scope, **({"target_ids": sorted(grant.waba_ids)} if grant.granular else {})}
