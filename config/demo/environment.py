"""The environment of the demo's processes, and the secrets that are made for it once."""

import base64
import os
import secrets
from pathlib import Path
from urllib.parse import quote, urlsplit

from config.demo import folder
from config.demo.services import Services

SECRETS = "secrets.json"
MAIL = "mail"
REDIS_PREFIX = "balcao-demo:"
# Settings of a real installation that would only surprise in a demo.
FOREIGN = (
    "TRUSTED_PROXY_COUNT",
    "GRAPH_API_VERSION",
    "WEBHOOK_RETENTION_DAYS",
    "LOG_LEVEL",
    "MAIL_FROM",
    "MEDIA_HOSTS",
    "MEDIA_QUOTA_BYTES",
)


def build(data: Path, *, port: int, simulator_port: int, services: Services) -> dict[str, str]:
    """Return the environment of every process of the demo.

    SECRET_KEY and FIELD_KEYS stay the same from start to start: what they sealed can be opened.
    Raises: FolderError.
    """
    made = _secrets(data)
    kept = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": made["SECRET_KEY"],
        "FIELD_KEYS": made["FIELD_KEYS"],
        "DEBUG": "false",
        "BALCAO_DEMO": "1",
        "BALCAO_DEMO_DIR": str(data),
        "MEDIA_ROOT": str(data / "files"),
        "EMAIL_URL": f"filemail:///{quote(str(data / MAIL))}",  # one file a letter
        "BALCAO_SIMULATOR_CONFIG": str(data / "simulator.json"),
        "PUBLIC_URL": f"http://localhost:{port}",
        "GRAPH_API_URL": f"http://127.0.0.1:{simulator_port}",
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "REDIS_PREFIX": os.environ.get("REDIS_PREFIX") or REDIS_PREFIX,
    }


def place(url: str) -> str:
    """Return what may be shown of a server's address: no password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _secrets(data: Path) -> dict[str, str]:
    path = data / SECRETS
    known = folder.read_private(path)
    made = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": f"k1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
        "app_secret": secrets.token_hex(16),
        "verify_token": secrets.token_urlsafe(24),
        **known,
    }
    if made != known:
        folder.write_private(path, made)
    return made
