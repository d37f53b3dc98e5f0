"""What can be named as a supervisor, and what a name stands for; nothing is loaded for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from w2s_mol.encoders.names import expand_encoders, shipped_metadata
from w2s_mol.errors import InputError

COLUMN, RAW, PROPERTY = "column:", "raw:", "property:"
NUMBERS = (COLUMN, RAW, PROPERTY)
"""What begins the names of supervisors that are a number of each molecule."""

CONCAT, MEAN, CHAIN = "concat:", "mean:", "chain:"
BETWEEN = {CONCAT: "+", MEAN: "+", CHAIN: ">"}
"""What begins the names of combinations, and what stands between their members."""

TOP = "top:"
"""What begins the name of the best of all others of a study, with how many: ``top:3``."""

BETWEEN_TAKEN = " + "
"""What stands between the names of those that were taken."""

ALL_CHAINS = f"{CHAIN}all"
_CHAIN_OF_SEED = re.compile(rf"{ALL_CHAINS}-s(\d+)")
_SIZE = re.compile(r"h(\d+)")
_FEWEST = 2


def expand_supervisors(name: str) -> list[str]:
    """Return the supervisors that one name stands for.

    ``chain:all`` stands for a chain of each seed of the shipped encoders, and the name of no
    number and no combination for what ``expand_encoders`` says.
    """
    if name == ALL_CHAINS:
        seeds = sorted({made["seed"] for made in shipped_metadata()})
        return [f"{ALL_CHAINS}-s{seed}" for seed in seeds]
    return [name] if name.startswith((*NUMBERS, *BETWEEN, TOP)) else expand_encoders(name)


def count_of(name: str) -> int:
    """Return how many of the others a name takes, ``top:3``.

    Raises
    ------
    InputError
        If it says no such number.
    """
    count = name.removeprefix(TOP)
    if not count.isdecimal() or int(count) < 1:
        raise InputError(
            f"{name!r} should say how many of the other supervisors are taken, for example {TOP}3."
        )
    return int(count)


def members_of(name: str) -> list[str]:
    """Return the supervisors that a combination is made of, in order; none for any other name.

    Members are what the name says, or what these stand for: ``mean:h96`` is of all shipped
    encoders of that size, ``chain:all-s0`` of all of seed 0, from small to large.

    Raises
    ------
    InputError
        If there are fewer than two, or a family has no such member.
    """
    named = written_members(name)
    if not named:
        return []
    if seed := _CHAIN_OF_SEED.fullmatch(name):
        members = _shipped("seed", int(seed[1]), name)
    else:
        members = [one for each in named if each for one in _named_by_member(each)]
    if len(members) < _FEWEST or not all(named):
        [(prefix, sign)] = [item for item in BETWEEN.items() if name.startswith(item[0])]
        raise InputError(
            f"{name} should combine two or more. Write them with {sign!r} between: "
            f"{prefix}A{sign}B."
        )
    return members


def written_members(name: str) -> list[str]:
    """Return the members of a combination as its name is written; none for any other name."""
    for prefix, sign in BETWEEN.items():
        if name.startswith(prefix):
            return name.removeprefix(prefix).split(sign)
    return []


def leaves(name: str) -> Iterator[str]:
    """Yield what a name stands for in the end: encoders and numbers, combinations taken apart.

    What takes the best of all others stands for nothing of its own.
    """
    for one in expand_supervisors(name):
        if one.startswith(TOP):
            continue
        members = members_of(one)
        if not members:
            yield one
        for member in members:
            yield from leaves(member)


def columns_of(names: Iterable[str]) -> list[str]:
    """Return the columns of a table that some supervisors read, each once."""
    found = [
        leaf.removeprefix(prefix)
        for name in names
        for leaf in leaves(name)
        for prefix in (COLUMN, RAW)
        if leaf.startswith(prefix)
    ]
    return list(dict.fromkeys(found))


def _named_by_member(name: str) -> list[str]:
    size = _SIZE.fullmatch(name)
    return _shipped("hidden", int(size[1]), name) if size else expand_supervisors(name)


def _shipped(field: str, value: int, name: str) -> list[str]:
    """Return the shipped encoders of one size or seed, from small to large."""
    every = shipped_metadata()
    found = [made["name"] for made in every if made[field] == value]
    if not found:
        known = ", ".join(map(str, sorted({made[field] for made in every})))
        raise InputError(
            f"{name}: there is no shipped weak encoder of {field} {value}. It should be one of: "
            f"{known}."
        )
    return found
