"""Plain texts, which RDKit never sees."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from w2s_mol.errors import ItemError
from w2s_mol.items.contract import Items

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Texts(Items):
    """Texts, as they stand in their cells; twins differ in case and punctuation alone.

    How long one may be is each encoder's to say, in its own tokens.
    """

    name = "texts"
    one = "text"
    column = "text"
    cell = "text"
    twins = "that differ in case or punctuation alone from one that"

    @property
    def kept_as(self) -> str:
        """Return the word for texts."""
        return self.name

    def item(self, cell: str) -> str:
        """Return the cell itself, blanks and all; raise ItemError if there is nothing else in it.

        Examples
        --------
        >>> Texts().item(" Two words. ")
        ' Two words. '
        """
        if not cell.strip():
            raise ItemError("empty text")
        return cell

    def check(self, item: str) -> None:
        """Raise ItemError if a text holds half a character, a lone surrogate: none can write it."""
        try:
            item.encode()
        except UnicodeEncodeError as error:
            raise ItemError(f"half a character: {item[error.start]!r}") from error

    def key(self, item: str) -> str:
        """Return the text in Unicode's form C, its blanks and line breaks as single blanks.

        Examples
        --------
        >>> Texts().key(" Two   words. ")
        'Two words.'
        """
        return " ".join(unicodedata.normalize("NFC", item).split())

    def twin(self, key: str) -> str:
        """Return the words without case; a text without any is left as it is.

        Examples
        --------
        >>> Texts().twin("Two words, really!")
        'two words really'
        """
        return " ".join(_WORD.findall(key.casefold())) or key
