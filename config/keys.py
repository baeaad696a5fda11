"""What no installation starts with: keys that anybody could know."""

from collections.abc import Iterator

from cryptography.fernet import Fernet

from tenants import sealing

MIN_CHARACTERS = 32
MIN_DIFFERENT = 10
FIELD_KEY_MIN_DIFFERENT = 6
# What examples, tutorials and impatience put there.
EXAMPLES = ("change-me", "changeme", "insecure", "example", "secret-key", "your-secret")


def problems(*, secret_key: str, field_keys: str) -> Iterator[str]:
    """Say why nobody should start with these keys."""
    if len(secret_key) < MIN_CHARACTERS or len(set(secret_key)) < MIN_DIFFERENT:
        yield f"SECRET_KEY is too simple: take {MIN_CHARACTERS} random characters or more"
    elif any(word in secret_key.lower() for word in EXAMPLES):
        yield "SECRET_KEY is an example's: make one of your own"
    keys = sealing.parse_keys(field_keys)
    if not keys:
        yield "FIELD_KEYS is empty: nothing could be sealed"
    for name, key in keys.items():
        problem = _problem(key)
        if problem:
            yield f"FIELD_KEYS: {name} {problem}"


def _problem(key: bytes) -> str:
    try:
        Fernet(key)
    except ValueError:
        return "is no key of 32 bytes in URL-safe base64"
    return (
        "is an example's: make one of your own" if len(set(key)) < FIELD_KEY_MIN_DIFFERENT else ""
    )
