"""A verb's ``--config FILE.toml``: its values as the text that a command line would have given."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import typer

from w2s_mol import files
from w2s_mol.cli.declared import means
from w2s_mol.errors import InputError, shortened, unknown_name

_NEVER_IN_A_FILE = ("config", "help", "debug")

_PREFIXES = ("file:", "hf:")
"""What may stand before the path of an encoder."""


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make a TOML file's values the defaults of this call: flags over file over defaults.

    Raises
    ------
    InputError
        If it cannot be read, or holds what the verb does not take.
    """
    if path is None or context.resilient_parsing:  # a shell asks about an unfinished line
        return path
    values = files.read_toml(path, "config")
    known = _parameters(context)
    unknown = [key for key in values if key.replace("-", "_") not in known]
    if unknown:
        raise unknown_name(f"key in {path}:", unknown[0], known)
    given: dict[str, Any] = {}
    for key, value in values.items():
        parameter = known[key.replace("-", "_")]
        if parameter.name in given:
            raise InputError(
                f"config {path} gives {parameter.name!r} twice, the second as {key!r}."
            )
        what = means(context.command, parameter.name)
        text_of = partial(as_text, what, path.parent)
        given[parameter.name] = _value(parameter, value, text_of, f"config {path}: {key}")
    context.default_map = given
    return path


def _parameters(context: typer.Context) -> dict[str, Any]:
    """Return what a config may say: each option by its own name and by its parameter's."""
    known = {}
    for parameter in context.command.params:
        name = str(parameter.name)
        spelt = [text.lstrip("-").replace("-", "_") for text in parameter.opts if "--" in text]
        if name not in _NEVER_IN_A_FILE:
            known.update(dict.fromkeys([name, *spelt], parameter))
    return known


def _value(parameter: Any, value: Any, text_of: Callable[[Any], str], where: str) -> Any:
    """Return what a file says of a parameter as the command line would have given it."""
    several = getattr(parameter, "multiple", False) or parameter.nargs != 1
    if getattr(parameter, "is_flag", False):
        expected = "true or false"
        if isinstance(value, bool):
            return value
    elif several:
        expected = "a list of texts or numbers, or one of them"
        items = value if isinstance(value, list) else [value]
        if all(map(_is_scalar, items)):
            return [text_of(item) for item in items]
    else:
        expected = "one text or number"
        if _is_scalar(value):
            return text_of(value)
    kind = {"bool": "true or false", "list": "a list", "dict": "a table", "str": "a text"}
    kind |= {"int": "a whole number", "float": "a number"}
    found = kind.get(type(value).__name__, f"a {type(value).__name__}")
    raise InputError(f"{where} is {found} ({shortened(str(value))}). It should be {expected}.")


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def as_text(what: str, folder: Path, value: Any) -> str:
    """Return a value as text; a path in it is seen from the file's folder, not from ours."""
    text = str(value)
    beside = os.path.normpath(folder / text)
    if what == "text":
        return text
    if what == "path":
        return beside
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            named = os.path.normpath(folder / text.removeprefix(prefix))
            return prefix + named if _exists(named) else text
    return beside if _exists(beside) and _may_be_path(text) else text


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:  # no file has a name that long
        return False


def _may_be_path(text: str) -> bool:
    """Say whether a text is no name of ours, which what lies beside the file cannot change."""
    if Path(text).name != text:
        return True
    from w2s_mol.datasets.named import SETS, dataset_names
    from w2s_mol.datasets.rules import ROWS
    from w2s_mol.encoders.names import PEER, SELF, SHIPPED, encoder_names
    from w2s_mol.pretraining.config import GUACAMOL

    ours = {*dataset_names(), *SETS, *encoder_names(), SHIPPED, SELF, PEER, GUACAMOL, ROWS, ""}
    return text not in ours
