"""Tokens that a stranger made, and tokens used where they do not belong."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.utils import timezone

from tenants import context, secrets
from tenants.services import sessions, tokens
from tenants.services.tokens import Kind
from tests.api import Api, Queries, access_token, api_of, check_problem, open_session

pytestmark = pytest.mark.django_db

MISSING = object()


@pytest.fixture
def ana(people):
    return people["ana@acme.test"]


@pytest.fixture
def payload(ana, acme) -> dict:
    """Return what a good access token says."""
    token = tokens.sign(Kind.ACCESS, open_session(ana, acme), now=timezone.now())
    return jwt.decode(token, options={"verify_signature": False})


def _key() -> str:
    return secrets.mac(purpose="api-token", size_bytes=32)


def _encode(payload: dict, key: str = "", **header) -> str:
    """Sign by hand: the library would not write most of these."""
    parts = [{"alg": "HS256", "typ": "JWT", **header}, payload]
    text = b".".join(_packed(json.dumps(part).encode()) for part in parts)
    algorithm = jwt.get_algorithm_by_name("HS256")
    signature = algorithm.sign(text, algorithm.prepare_key(key or _key()))
    return (text + b"." + _packed(signature)).decode()


def _packed(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _answer(tenant, token: str, host: str = "acme.localhost"):
    return Api(host, token).get(f"/api/v1/tenant/{tenant.pk}/conversations/")


def test_a_token_written_by_hand_and_right_is_taken(payload, acme):
    assert _answer(acme, _encode(payload)).status_code == 200


# --- where it is used -----------------------------------------------------------------------------
def test_a_token_of_another_tenant_on_a_host_is_401(people, acme, globex):
    token = access_token(people["ana@acme.test"], acme)

    for tenant in (acme, globex):
        check_problem(_answer(tenant, token, "globex.localhost"), 401, "token_invalid")


@pytest.mark.parametrize("host", ["acme.localhost", "localhost"])
def test_another_tenants_address_is_404(people, acme, globex, host):
    token = access_token(people["ana@acme.test"], acme)

    check_problem(_answer(globex, token, host), 404, "not_found")


def test_the_public_host_serves_the_tokens_tenant(people, acme):
    assert (
        _answer(acme, access_token(people["ana@acme.test"], acme), "localhost").status_code == 200
    )


def test_a_member_of_two_tenants_has_a_token_for_each(people, acme, globex):
    ana = people["ana@acme.test"]
    with context.platform():
        ana.memberships.create(tenant=globex, role="VIEWER")

    check_problem(_answer(globex, access_token(ana, acme), "localhost"), 404, "not_found")
    assert _answer(globex, access_token(ana, globex), "localhost").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Tenant_Id": "globex"},
        {"X_Forwarded_Host": "globex.localhost"},
        {"Forwarded": "host=globex.localhost"},
        {"X_Original_URL": "/api/v1/auth/logout"},
        {"X_HTTP_Method_Override": "DELETE"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_that_name_another_place_change_nothing(people, acme, globex, headers):
    api = api_of(people["ana@acme.test"])
    headers = {n: str(globex.pk) if v == "globex" else v for n, v in headers.items()}

    assert api.get(f"/api/v1/tenant/{acme.pk}/conversations/", **headers).status_code == 200
    check_problem(
        api.get(f"/api/v1/tenant/{globex.pk}/conversations/", **headers), 404, "not_found"
    )


@pytest.mark.parametrize("host", ["acme.localhost", "localhost"])
def test_the_cookie_of_a_page_is_nobody_here(page, acme, host):
    browser = page("ana@acme.test")
    assert browser.cookies

    response = browser.get(f"/api/v1/tenant/{acme.pk}/conversations/", headers={"Host": host})

    check_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_token_in_the_query_string_is_nobody(people, acme):
    token = access_token(people["ana@acme.test"], acme)

    response = Api("acme.localhost").get(
        f"/api/v1/tenant/{acme.pk}/conversations/?access_token={token}"
    )

    check_problem(response, 401, "not_authenticated")


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearer Bearer"])
def test_other_schemes_are_nobody(people, acme, scheme):
    token = access_token(people["ana@acme.test"], acme)

    response = Api("acme.localhost").get(
        f"/api/v1/tenant/{acme.pk}/conversations/", Authorization=f"{scheme} {token}"
    )

    assert response.status_code == 401


# --- what it says ---------------------------------------------------------------------------------
ODD_CLAIMS = {
    "exp": [
        MISSING,
        None,
        "tomorrow",
        str(int(time.time()) + 600),
        time.time() + 600.5,
        1e308,
        float("inf"),
        float("nan"),
        True,
        [],
        {},
        -1,
        0,
        10**30,
    ],
    "aud": [
        MISSING,
        None,
        "",
        "acme",
        "*",
        7,
        [],
        {},
        "00000000-0000-0000-0000-000000000000",
        "x\x00",
        "\ud800",
        "x" * 500,
    ],
    "sub": [
        MISSING,
        None,
        "",
        True,
        7,
        [],
        {},
        "1 OR 1=1",
        "\x00",
        "-1",
        "\u0661",
        "²",
        "9" * 18,
        "9" * 400,
        "\ud800",
        "admin@acme.test",
    ],
    "sid": [MISSING, None, "", 7, [], "x", "00000000-0000-0000-0000-000000000000"],
    "tv": [MISSING, None, "0", True, 1, -1, 0.0, 2**40, []],
    "jti": [MISSING, None, 7, [], "x" * 65],
    "token_type": [MISSING, None, "refresh", "", "ACCESS", 7, []],
    "nbf": [time.time() + 600, "later", 1e308, float("inf"), []],
    "iat": [time.time() + 600, "later", float("inf"), []],
}


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        pytest.param(claim, value, id=f"{claim}-{number}")
        for claim, values in ODD_CLAIMS.items()
        for number, value in enumerate(values)
    ],
)
def test_an_odd_claim_is_401(payload, acme, claim, value):
    payload.pop(claim, None)
    if value is not MISSING:
        payload[claim] = value

    check_problem(_answer(acme, _encode(payload)), 401, "token_invalid")


def test_an_audience_of_several_is_401(payload, acme, globex):
    for several in ([str(acme.pk)], [str(acme.pk), str(globex.pk)]):
        token = _encode({**payload, "aud": several})
        check_problem(_answer(acme, token), 401, "token_invalid")
        check_problem(_answer(acme, token, "localhost"), 401, "token_invalid")


@pytest.mark.parametrize("spelling", ["upper", "hex", "urn", "braces"])
def test_an_audience_in_another_spelling_is_401(payload, acme, spelling):
    spelt = {
        "upper": str(acme.pk).upper(),
        "hex": acme.pk.hex,
        "urn": acme.pk.urn,
        "braces": f"{{{acme.pk}}}",
    }[spelling]

    check_problem(_answer(acme, _encode({**payload, "aud": spelt})), 401, "token_invalid")


def test_another_tenant_as_the_audience_of_ones_own_session_is_401(payload, acme, globex):
    token = _encode({**payload, "aud": str(globex.pk)})

    check_problem(_answer(globex, token, "globex.localhost"), 401, "token_invalid")


def test_a_user_of_another_tenant_in_the_own_session_is_401(payload, people, acme):
    token = _encode({**payload, "sub": str(people["admin@globex.test"].pk)})

    check_problem(_answer(acme, token), 401, "token_invalid")


def test_expired_by_a_second_is_401(payload, acme):
    token = _encode({**payload, "exp": int(time.time()) - 1})

    check_problem(_answer(acme, token), 401, "token_invalid")


# --- how it is signed -----------------------------------------------------------------------------
def test_no_signature_is_401(payload, acme):
    unsigned = jwt.encode(payload, None, algorithm="none")
    signed = _encode(payload).rpartition(".")[0]

    for token in (unsigned, f"{signed}.", signed, f"{signed}.AAAA"):
        check_problem(_answer(acme, token), 401, "token_invalid")


def test_other_keys_and_algorithms_are_401(payload, acme):
    pair = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    forged = [
        _encode(payload, key=settings.SECRET_KEY),
        _encode(payload, key=public.decode("ascii") and "x" * 64),
        jwt.encode(payload, pair, algorithm="RS256"),
        jwt.encode(payload, _key(), algorithm="HS512"),
        _encode(payload, alg="RS256"),
        _encode(payload, alg="none"),
        _encode(payload, alg="hs256"),
        _encode(payload, alg=["HS256"]),
    ]

    for token in forged:
        check_problem(_answer(acme, token), 401, "token_invalid")


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../dev/null"},
        {"kid": "' OR 1=1 --"},
        {"jku": "http://127.0.0.1:9/keys"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"x5u": "http://127.0.0.1:9/"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_header_that_names_a_key_is_not_followed(payload, acme, header):
    check_problem(
        _answer(acme, _encode(payload, key="another-key" * 6, **header)), 401, "token_invalid"
    )


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "a.b.c",
        "..",
        "a.b.c.d",
        "é.é.é",
        "[" * 1500,
        "x" * 60_000,
        (_packed(b"[" * 100_000) + b".e30.x").decode(),
        (_packed(b'{"alg":"HS256"}') + b"." + _packed(b"[]") + b".x").decode(),
        (_packed(b'{"alg":"HS256"}') + b"." + _packed(b"\xff") + b".x").decode(),
    ],
    ids=range(10),
)
def test_nonsense_is_401(people, acme, token):
    check_problem(_answer(acme, token), 401, "token_invalid")


def test_a_signed_payload_that_is_no_object_is_401(people, acme):
    for payload in ([], "x", 7, None):
        check_problem(_answer(acme, _encode(payload)), 401, "token_invalid")


def test_one_query_settles_who_asks(people, acme):
    claims = tokens.read(Kind.ACCESS, access_token(people["ana@acme.test"], acme))

    with Queries() as queries:
        assert sessions.actor_of(claims, now=timezone.now()).role == "OPERATOR"

    assert len(queries) == 1
