"""The commands that make runs, and a report of them, again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields
from typing import Any, get_args, get_type_hints

from w2s_mol.option import Option
from w2s_mol.runs import FinishedRun
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig

_VERBS: dict[str, tuple[str, type]] = {
    "study": ("run", StudyConfig),
    "synthetic": ("synthetic", SyntheticConfig),
}


def commands(runs: Sequence[FinishedRun], options: Sequence[str]) -> tuple[str, ...]:
    """Return a command for each run, and the one for the report of them all, with its options."""
    made = [command_of(run) for run in runs]
    folders = dict.fromkeys(str(run.folder) for run in runs)
    last = shlex.join(["w2s-mol", "report", *folders, *options])
    return (*filter(None, made), last)


def command_of(run: FinishedRun) -> str:
    """Return the command that makes a run again; empty where its manifest was lost.

    What is as by default is left out.
    """
    given = run.manifest.get("config", {})
    if not given or run.kind not in _VERBS:
        return ""
    verb, settings = _VERBS[run.kind]
    hints = get_type_hints(settings, include_extras=True)
    words = ["w2s-mol", verb]
    for field in fields(settings):
        if field.name in given:
            words += _words(field, hints[field.name], given[field.name])
    return shlex.join([*words, "--output-dir", str(run.folder)])


def _words(field: Field[Any], hint: Any, value: Any) -> list[str]:
    default = None if field.default is MISSING else field.default
    values = list(value) if isinstance(value, list | tuple) else [value]
    usual = list(default) if isinstance(default, tuple) else [default]
    if values == usual or value is None:
        return []
    option = next((one for one in get_args(hint) if isinstance(one, Option)), Option())
    return option.words(field.name, value)
