"""The Python client as whoever copied its one file has it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

FILE = Path(__file__).parents[2] / "clients" / "python" / "balcao.py"


def loaded() -> ModuleType:
    """Import the client's file, which belongs to no package of ours."""
    spec = importlib.util.spec_from_file_location("balcao", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["balcao"] = module
    spec.loader.exec_module(module)
    return module
