"""A plan of many studies: for each option one value, or several of which each makes a study."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, get_args, get_origin, get_type_hints

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.settings_check import made
from w2s_mol.study.config import StudyConfig

STUDY = "study"
"""The name of the tables of a plan, each of which is studies of its own."""


@dataclass(frozen=True)
class _Choices:
    """An option of a plan, and each of its values."""

    name: str
    values: Sequence[Any]


def studies_of(plan: Mapping[str, Any], called: str = "the plan") -> list[StudyConfig]:
    """Return the studies of a plan; one that it says twice is there twice.

    Parameters
    ----------
    plan
        As TOML holds it: options of ``run`` by name, and, under ``study``, tables of options that
        are studies of their own, each with the options above them too. An option that takes one
        value may have a list of values, and one that takes several a list of lists: every
        combination is a study.
    called
        What errors call it.

    Raises
    ------
    InputError
        If an option is none of ``run``'s, or a combination cannot be studied.

    Examples
    --------
    >>> plan = {"dataset": ["esol"], "strong": [["ecfp"], ["rdkit2d"]], "seed": [0, 1]}
    >>> [(study.strong, study.seed) for study in studies_of(plan)]
    [(('ecfp',), 0), (('ecfp',), 1), (('rdkit2d',), 0), (('rdkit2d',), 1)]
    """
    shared = {name: value for name, value in plan.items() if name != STUDY}
    tables = plan.get(STUDY, [{}])
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        raise InputError(f"{called}: {STUDY} should be tables, each begun by [[{STUDY}]].")
    return [
        _made(values, called)
        for one in tables
        for values in _combinations({**shared, **one}, called)
    ]


def _combinations(options: Mapping[str, Any], called: str) -> Iterator[dict[str, Any]]:
    choices = [_choices(name, value, called) for name, value in options.items()]
    for values in itertools.product(*(one.values for one in choices)):
        yield {one.name: value for one, value in zip(choices, values, strict=True)}


def _choices(name: str, value: Any, called: str) -> _Choices:
    several = _takes_several()
    known = name.replace("-", "_")
    if known not in several:
        raise unknown_name(f"option in {called}:", name, several)
    if not isinstance(value, list):
        return _Choices(known, [value])
    if not value:
        raise InputError(f"{called}: {name} is an empty list. Give a value, or leave it out.")
    if not several[known]:
        return _Choices(known, value)
    lists = [isinstance(one, list) for one in value]
    if any(lists) and not all(lists):
        raise InputError(
            f"{called}: {name} mixes lists and single values. A list of values is one study's; "
            "several studies have a list of lists."
        )
    return _Choices(known, value if all(lists) else [value])


def _made(values: Mapping[str, Any], called: str) -> StudyConfig:
    settings = {n: tuple(v) if isinstance(v, list) else v for n, v in values.items()}
    try:
        return made(StudyConfig, settings)
    except InputError as error:
        said = ", ".join(f"{name} = {value}" for name, value in values.items())
        where = f" (in the study of {said})" if said else ""
        raise InputError(f"{called}: {error}{where}") from error


def _takes_several() -> dict[str, bool]:
    """Return for each option of a study whether it takes several values."""
    hints = get_type_hints(StudyConfig)
    return {field.name: _is_several(hints[field.name]) for field in fields(StudyConfig)}


def _is_several(hint: Any) -> bool:
    return get_origin(hint) is tuple or any(map(_is_several, get_args(hint)))
