"""The contract of work on shards: what is made of each, and what it depends on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import pyarrow as pa

from w2s_mol.crews.goods import Reads
from w2s_mol.datasets.examples import Examples
from w2s_mol.molecules.smiles import forget
from w2s_mol.processes import said_done
from w2s_mol.progress import Progress


@dataclass(frozen=True)
class Shard:
    """Some rows of a table in order.

    Attributes
    ----------
    number
        From 0.
    first
        The place of its first row among all, from 0.
    examples
        Its items, and the numbers beside them that are read.
    """

    number: int
    first: int
    examples: Examples


@dataclass(frozen=True)
class Made:
    """What is made of the ``n`` items of a shard.

    Attributes
    ----------
    rows
        One for each, in order.
    counts
        What is to be told of them, summed over shards.
    reasons
        Why nothing is made of some of them, and how many.
    """

    rows: pa.RecordBatch
    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


Maker = Callable[[Examples, Progress], Made]


@dataclass(frozen=True)
class Ahead:
    """How other processes read items while this one computes with what they read.

    Attributes
    ----------
    recipe
        Opens what reads, in a process that is not this one.
    make
        Makes the same of what it read as ``Work.make`` does of the items.
    """

    recipe: Recipe
    make: Callable[[Examples, Any, Progress], Made]


class Recipe(ABC):
    """What is made, by name: small and picklable, so that any process can open it.

    It is hashable, and two that are equal make the same.
    """

    @abstractmethod
    def open(self) -> Callable[[Examples, Progress], Any]:
        """Load what is needed, once in a process; return a ``Maker``, or what reads for one.

        Raises
        ------
        InputError
            If that cannot be had, or has another content than what was asked for.
        """

    def files(self) -> Reads:
        """Return the files that ``open`` reads, but for those that the program ships."""
        return Reads()


@dataclass(frozen=True)
class Work:
    """What is to be made of the items of a table.

    Attributes
    ----------
    make
        Makes it, in this process.
    recipe
        How other processes make the same; None if this one alone can.
    verb
        What is done, for progress.
    schema
        Of the rows; its metadata says what made them.
    made_by
        All that they depend on, as JSON: a folder holds shards of one ``made_by``.
    columns
        Names of columns of numbers that are read beside the items.
    ahead
        How items are read by other processes, where that is done for one that has a GPU.
    """

    make: Maker
    recipe: Recipe | None
    verb: str
    schema: pa.Schema
    made_by: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    ahead: Ahead | None = None


@lru_cache(maxsize=1)
def _opened(recipe: Recipe) -> Callable[[Examples, Progress], Any]:
    return recipe.open()


def made_of(recipe: Recipe, shard: Shard) -> Any:
    """Return what a recipe makes of a shard, in a process of ours."""
    try:
        return _opened(recipe)(shard.examples, lambda _work, done, _total: said_done(done))
    finally:
        said_done(0)
        forget()  # so that memory does not grow from shard to shard
