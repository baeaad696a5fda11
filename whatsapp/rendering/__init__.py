"""Templates: what they ask for, how they look filled in, and what Meta would refuse of them.

Pure: no Django, no clock. Preview, stored text and the body of the send come from one renderer, so
that nobody sees anything else than what leaves.
Source: developers.facebook.com/docs/whatsapp/business-management-api/message-templates, read
2026-11.
"""

from whatsapp.rendering.asking import Field, fields
from whatsapp.rendering.checking import ValuesError, render
from whatsapp.rendering.definition import MEDIA, Button, Definition, parse
from whatsapp.rendering.filling import Rendered, preview
from whatsapp.rendering.keeping import kept, recalled
from whatsapp.rendering.linting import lint
from whatsapp.rendering.problems import Problem

__all__ = [
    "MEDIA",
    "Button",
    "Definition",
    "Field",
    "Problem",
    "Rendered",
    "ValuesError",
    "fields",
    "kept",
    "lint",
    "parse",
    "preview",
    "recalled",
    "render",
]
