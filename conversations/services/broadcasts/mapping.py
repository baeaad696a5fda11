"""Which column of a list fills which field of a template."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence

from whatsapp.rendering import Field

# By a field's key: {"text": ...} for everybody, or {"column": ...} from each one's row.
Values = Mapping[str, Mapping[str, str]]
# What columns of people's names are called, and the variables that take them.
_NAMES = frozenset({"name", "first name", "customer name", "nome", "primeiro nome", "nombre"})


def guess(fields: Sequence[Field], columns: Collection[str]) -> dict[str, dict[str, str]]:
    """Return a column for each field that is called as one; the other fields are left out."""
    known = {_plain(column): column for column in columns}
    names = next((known[name] for name in known if name in _NAMES), None)
    found = {}
    for field in fields:
        wanted = _plain(field.name)
        column = known.get(wanted) or known.get(_plain(field.key))
        if column is None and wanted in _NAMES:
            column = names
        if column is not None:
            found[field.key] = {"column": column}
    return found


def filled(values: Values, cells: Mapping[str, str]) -> dict[str, str]:
    """Return what fills the template for one row, by the fields' keys; what is empty is left out.

    The cells are the row's, by their column.
    """
    found = {
        key: cells.get(given["column"], "") if "column" in given else given.get("text", "")
        for key, given in values.items()
    }
    return {key: text for key, text in found.items() if text}


def _plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", letters).strip()
