"""The scripts in docs/, imported as they stand there."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[1] / "docs"


def module_of_docs(name: str) -> ModuleType:
    sys.path.insert(0, str(DOCS))
    try:
        return import_module(name)
    finally:
        sys.path.remove(str(DOCS))
