"""What a log line may not hold, wherever it comes from."""

import io
import logging

import pytest
from django.db import DatabaseError, connection

from tenants import context
from tenants.redaction import RedactingFilter

NUMBER = "5511987654321"
TOKEN = "EAAJZCx0BAOsecret12345"


@pytest.fixture
def written():
    """Log by a function, and return what a handler of ours writes."""

    def write(act) -> str:
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.addFilter(RedactingFilter())
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        logger = logging.getLogger("a test's")
        logger.handlers, logger.propagate = [handler], False
        act(logger)
        return stream.getvalue()

    return write


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"token {TOKEN} refused", TOKEN),
        ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
        (f"the key blc_k3v9x0q2m7ta_{'x' * 40} of a shop", "x" * 40),
        ("Authorization: abc.def.ghi", "abc.def.ghi"),
        ("{'Authorization': 'Bearer abc.def.ghi'}", "abc.def.ghi"),
        ("GET /x?access_token=abcdef&y=1", "abcdef"),
        ("GET /debug_token?input_token=abcdef&y=1", "abcdef"),
        ("GET /oauth/access_token?client_id=1&client_secret=abcdef", "abcdef"),
        ('{"access_token": "abcdef"}', "abcdef"),
        ("refresh eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOjF9.c2lnbmVk", "c2lnbmVk"),
        (f"GET /support/enter?token={'x' * 43}", "x" * 43),
        (f"sha256={'a1' * 32}", "a1a1"),
        (f"customer {NUMBER}", NUMBER),
        (f"customer +{NUMBER}", NUMBER),
    ],
)
def test_secrets_and_numbers_are_left_out(written, said, secret):
    assert secret not in written(lambda logger: logger.warning(said))
    assert secret not in written(lambda logger: logger.warning("%s", said))
    assert secret not in written(lambda logger: logger.error("x", exc_info=ValueError(said)))


@pytest.mark.parametrize(
    "character",
    ["\n", "\r", "\t", "\x00", "\x1b", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\u202e"],
    ids=ascii,
)
def test_a_text_cannot_look_like_a_line_of_ours(written, character):
    line = written(lambda logger: logger.warning("path /a%sERROR b", character))
    told = written(lambda logger: logger.error("x", exc_info=ValueError(f"a{character}ERROR b")))

    assert line == f"WARNING path /a{ascii(character)[1:-1]}ERROR b\n"
    assert told.splitlines()[-1] == f"builtins.ValueError: a{ascii(character)[1:-1]}ERROR b"


def test_an_exception_is_told_with_its_frames_and_causes(written):
    def fail() -> None:
        try:
            {}["first"]
        except KeyError as error:
            raise ValueError("second") from error

    def act(logger: logging.Logger) -> None:
        try:
            fail()
        except ValueError:
            logger.exception("it failed")

    told = written(act)

    assert told.startswith("ERROR it failed\nTraceback (most recent call last):\n")
    assert told.index("builtins.KeyError: 'first'") < told.index("builtins.ValueError: second")
    assert 'raise ValueError("second") from error' in told


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("INSERT INTO conversations_contact (name) VALUES ('Bom dia')", "23502"),
        ("SELECT 'Bom dia'::int", "22P02"),
        ("SELECT 1 / 0 FROM (SELECT 'Bom dia') AS one", "22012"),
    ],
    ids=["the row", "the value", "the statement"],
)
def test_postgres_quotes_nothing_of_what_customers_write(db, acme, written, statement, code):
    def act(logger: logging.Logger) -> None:
        try:
            with context.tenant(acme.schema_name), connection.cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError:
            logger.exception("it failed")

    told = written(act)

    assert code in told
    assert "Bom dia" not in told
