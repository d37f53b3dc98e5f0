"""Items that a tokenizer must tell apart: it is tried on them when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from w2s_mol.errors import InputError, ItemError
from w2s_mol.items.contract import Items, ItemsName


@dataclass(frozen=True)
class _Pair:
    """Two items that an encoder should tell apart, and what it means if it does not."""

    one: str
    other: str
    fatal: bool
    what: str


_PAIRS: dict[ItemsName, tuple[_Pair, ...]] = {
    "molecules": (
        _Pair("CCC", "CCCl", True, "chlorine is not told from carbon or nothing"),
        _Pair("CCC", "CCBr", True, "bromine is not told from carbon or nothing"),
        _Pair("CCCCCC", "C1CCCCC1", True, "a ring is not told from a chain"),
        _Pair("C1CCCCC1", "c1ccccc1", False, "case is folded: benzene is read as cyclohexane"),
        _Pair("C[C@H](O)F", "C[C@@H](O)F", False, "stereo is dropped: enantiomers are read alike"),
        _Pair("F/C=C/F", "F/C=C\\F", False, "stereo of double bonds is dropped"),
    ),
    # In several scripts: whoever has no token for one of them may have been trained on another.
    "texts": (
        _Pair("a good film", "a bad film", True, "words are not told apart"),
        _Pair("хороший фильм", "плохой фильм", True, "words are not told apart"),
        _Pair("好", "坏", True, "words are not told apart"),
        _Pair("Polish", "polish", False, "case is folded: Polish is read as polish"),
        _Pair("résumé", "resume", False, "accents are dropped: résumé is read as resume"),
        _Pair("well.", "well?", False, "punctuation is dropped"),
        _Pair("in 1984", "in 2984", False, "digits are not told apart"),
    ),
}
_NOTATION: dict[ItemsName, str] = {"molecules": "SMILES", "texts": "these"}


def tried(
    name: str, token_ids: Callable[[str], list[int]], rows: int, items: Items
) -> tuple[list[list[int]], list[str]]:
    """Return the ids of items that must differ, and a note for each pair that does not.

    Parameters
    ----------
    name
        Of the encoder.
    token_ids
        From an item to ids, or ItemError.
    rows
        Of the model's table of tokens.
    items
        What is read.

    Raises
    ------
    InputError
        If none is read, or the tokenizer is not the model's or cannot tell what it must.
    """
    pairs = _PAIRS[items.name]
    seen: dict[str, list[int] | None] = {}
    for item in dict.fromkeys(text for pair in pairs for text in (pair.one, pair.other)):
        try:
            seen[item] = token_ids(item)
        except ItemError:
            seen[item] = None  # so will be each item like it, with its reason
    read = [ids for ids in seen.values() if ids is not None]
    if not read:
        raise InputError(
            f"encoder {name} reads none of {', '.join(seen)}: its tokenizer has no tokens for "
            f"{_NOTATION[items.name]}. Embed the {items.name} elsewhere, in the notation that it "
            "was trained on, and give the vectors as file:EMBEDDINGS.parquet."
        )
    if outside := sorted({i for ids in read for i in ids if i >= rows}):
        raise InputError(
            f"encoder {name}: its tokenizer makes the token {outside[0]}, outside the model's "
            f"table of {rows}. They do not belong together."
        )
    alike = [p for p in pairs if seen[p.one] is not None and seen[p.one] == seen[p.other]]
    fatal = [pair for pair in alike if pair.fatal]
    if fatal:
        raise InputError(
            f"encoder {name}: {fatal[0].what} ({fatal[0].one} and {fatal[0].other} have the same "
            f"tokens). Its tokenizer does not read {items.cell} as a model can have been trained "
            "on."
        )
    return read, [pair.what for pair in alike]
