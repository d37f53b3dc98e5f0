"""The help of every verb: all of it at 80 columns, and nothing that computes is imported for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from w2s_mol.cli.verbs import VERBS

# One process renders all of them: each start costs half a second.
RENDER = """
import json, sys
from typer.main import get_command
from w2s_mol.cli.program import app

said = {}
for call in json.loads(sys.argv[1]):
    command = get_command(app)
    context = command.make_context("w2s-mol", [], resilient_parsing=True)
    for name in call:
        command = command.get_command(context, name)
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    parameters = [one for one in command.get_params(context) if hasattr(one, "is_flag")]
    said[" ".join(call)] = {
        "text": command.get_help(context),
        "options": [name for one in parameters for name in one.opts],
        "flags": [name for one in parameters if one.is_flag for name in one.opts],
    }
print(json.dumps([said, [name.partition(".")[0] for name in sys.modules]]))
"""
CALLS = [*([verb] for verb in VERBS), ["data", "list"], ["data", "fetch"]]


@pytest.fixture(scope="module")
def rendered() -> tuple[dict[str, dict[str, Any]], set[str]]:
    """What is said of each call, and the packages that were imported to say it."""
    done = subprocess.run(
        [sys.executable, "-c", RENDER, json.dumps(CALLS)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    said, modules = json.loads(done.stdout)
    return said, set(modules)


def test_no_verbs_help_imports_what_computes(rendered) -> None:
    assert not rendered[1] & {"torch", "transformers", "rdkit", "pandas", "numpy", "scipy"}


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_option_is_named_in_full_at_80_columns(rendered, call: list[str]) -> None:
    said = rendered[0][" ".join(call)]
    text = said["text"]
    assert text.startswith(f"Usage: w2s-mol {' '.join(call)} ")
    words = text.replace(",", " ").split()
    assert [name for name in said["options"] if name not in words] == []
    assert {"--quiet", "-q", "--verbose", "-v", "--debug"} <= set(said["flags"])
    assert not [name for name in said["flags"] if f"{name} <" in text]
    assert "list[" not in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
