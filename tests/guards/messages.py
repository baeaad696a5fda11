"""Find the sentences that are marked for translation, without gettext's tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

# A message as a catalogue names it: context, singular, plural.
Message = tuple[str | None, str, str | None]

_PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_CONTEXT_PLURAL = {"npgettext", "npgettext_lazy"}
_STRING = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
# What templatize writes: calls with literals among the X's that everything else became.
_CALL = re.compile(rf"\b(_|n?p?gettext)\((\s*{_STRING}(?:\s*,\s*{_STRING})*)")


def in_python(tree: ast.Module) -> Iterator[Message]:
    """Yield what the calls of a module mark."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            yield from _message(_name(node.func), [text for text in texts if _is_text(text)])


def in_template(path: Path) -> Iterator[Message]:
    """Yield what the tags of a template mark."""
    for call in _CALL.finditer(templatize(path.read_text(encoding="utf-8"))):
        yield from _message(call[1], list(ast.literal_eval(f"({call[2]},)")))


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _message(name: str, texts: list[str]) -> Iterator[Message]:
    """Calls whose sentence comes from elsewhere mark nothing."""
    if name in _PLAIN and texts:
        yield None, texts[0], None
    elif name in _PLURAL and len(texts) >= 2:
        yield None, texts[0], texts[1]
    elif name in _CONTEXT and len(texts) >= 2:
        yield texts[0], texts[1], None
    elif name in _CONTEXT_PLURAL and len(texts) >= 3:
        yield texts[0], texts[1], texts[2]
