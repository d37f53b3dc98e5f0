"""The contract of items: what a cell of a table must hold to be one, and when two are the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

from w2s_mol.errors import ItemError
from w2s_mol.molecules.limits import MAX_ATOMS

ItemsName = Literal["molecules", "texts"]


class Items(ABC):
    """What the items of a dataset are.

    Attributes
    ----------
    name, one
        What they are called, several and one.
    column
        What files that this program writes call the column of them.
    cell
        What a cell of that column holds, for messages.
    twins
        What is said of items whose ``twin`` is the same while their ``key`` is not, with "is in an
        earlier part" after it.
    max_atoms
        Molecules of more atoms cannot be used.
    """

    name: ClassVar[ItemsName]
    one: ClassVar[str]
    column: ClassVar[str]
    cell: ClassVar[str]
    twins: ClassVar[str]
    max_atoms: int = MAX_ATOMS

    @property
    @abstractmethod
    def kept_as(self) -> int | str:
        """Return what tells embeddings of such items from those of others in the store."""

    @property
    def unlimited(self) -> Items:
        """Return what takes any item, however large."""
        return self

    @abstractmethod
    def item(self, cell: str) -> str:
        """Return the item that a cell holds, as encoders take it.

        Raises
        ------
        ItemError
            If it holds none.
        """

    @abstractmethod
    def check(self, item: str) -> None:
        """Raise ItemError if what ``item`` returned can be no item for anyone."""

    def read(self, cell: str) -> str:
        """Return the item that a cell holds, checked, or raise ItemError."""
        item = self.item(cell)
        self.check(item)
        return item

    def fault(self, cell: str) -> str:
        """Return what is wrong with a cell, or an empty text."""
        try:
            self.read(cell)
        except ItemError as error:
            return str(error)
        return ""

    def unread(self, cell: str) -> str:
        """Return what a cell holds beside its item, which nothing reads."""
        return ""

    @abstractmethod
    def key(self, item: str) -> str:
        """Return what two items have in common if and only if they are the same."""

    @abstractmethod
    def twin(self, key: str) -> str:
        """Return what is left of a key without what twins differ in."""
