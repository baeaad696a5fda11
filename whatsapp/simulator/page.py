"""The customer's phone: one page and its static files, read from this package."""

import html
import json
from pathlib import Path
from string import Template

from whatsapp.simulator.asgi import Request, Response, json_response
from whatsapp.simulator.strings import STRINGS, language_of

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Page:
    """Serves ``/`` in the reader's language, and ``/static/``."""

    def __init__(self) -> None:
        served = [path for path in _FOLDER.iterdir() if path.suffix in _TYPES]
        self._files = {f"/static/{path.name}": path for path in served}

    async def respond(self, request: Request) -> Response:
        """Answer a GET for the page or one of its files."""
        if request.method == "POST":
            return json_response({"error": "Nothing to post here."}, status=405)
        if request.path == "/":
            return _page(language_of(request.headers.get("accept-language", "")))
        path = self._files.get(request.path)
        if path is None:
            return json_response({"error": "There is no such file."}, status=404)
        return Response(path.read_bytes(), content_type=_TYPES[path.suffix])


def _page(language: str) -> Response:
    strings = STRINGS[language]
    words = {name: html.escape(text) for name, text in strings.items()}
    template = Template((_FOLDER / "index.html").read_text(encoding="utf-8"))
    # The scripts read their words from an attribute: no inline script is needed.
    text = template.substitute(words, lang=language, strings=html.escape(json.dumps(strings)))
    return Response(
        text.encode(),
        content_type="text/html; charset=utf-8",
        headers={"content-language": language, "vary": "accept-language"},
    )
