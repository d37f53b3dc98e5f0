"""From an item to token ids as an encoder was trained to see them, and the checks that it is so.

A tokenizer takes any text and gives ids, whatever it loses on the way: characters without a token,
a vocabulary that was never loaded, case or stereo folded away. Vectors of what is left look fine.
So every tokenizer is tried when it is loaded, and every item's ids are looked at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from transformers import AutoTokenizer

from w2s_mol import files
from w2s_mol.encoders import selfies_notation
from w2s_mol.encoders.trials import tried
from w2s_mol.errors import InputError, ItemError, first_line, shortened
from w2s_mol.items.contract import Items

FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")
_BYTES = ("ByT5Tokenizer", "CanineTokenizer")
"""Tokenizers without files: every byte is a token."""

_ATOMS = re.compile(r"\[[^\]]*\]|Br|Cl|%\d\d|.")
_FEWEST_TOKENS = 4
_FAR, _VERY_FAR = 0.5, 0.05
"""Shares of the model's table that the vocabulary fills: below, a warning; below, a refusal."""
_UNKNOWN = "unknown to the encoder's tokenizer"
_SHOW_NOTHING = ("Cc", "Cf", "Zs", "Zl", "Zp")
"""Categories of signs that need no token: controls and blanks. A vowel sign of Hindi needs one."""


class Tokenizer(Protocol):
    """Text to ids."""

    @property
    def words(self) -> dict[int, str]:
        """Token by id, special ones included."""

    @property
    def special(self) -> frozenset[int]:
        """Ids that stand for no text."""

    @property
    def longest(self) -> int | None:
        """A limit of the tokenizer's own, None where it has none."""

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, special ones included.

        Raises
        ------
        ItemError
            If a part of the text has no token.
        """


@dataclass(frozen=True)
class AtomTokenizer:
    """Whole atoms and single signs, as a ``vocab.txt`` lists them (RXN's models, DeepChem's).

    Schwaller et al., ACS Cent. Sci. 5, 1572-1583, 2019; their expression and this one agree on
    SMILES.
    """

    words: dict[int, str]
    before: tuple[int, ...]
    after: tuple[int, ...]
    special: frozenset[int]
    longest: int | None = None
    known: dict[str, int] = field(default_factory=dict)

    def ids(self, text: str) -> list[int]:
        """Return the ids of a SMILES between the special tokens."""
        found = []
        for piece in _ATOMS.findall(text):
            if piece not in self.known:
                raise ItemError(f"{_UNKNOWN}: {shortened(piece, 20)}")
            found.append(self.known[piece])
        return [*self.before, *found, *self.after]


class AutoloadedTokenizer:
    """Whatever ``AutoTokenizer`` makes of a folder; what it loses of a text is found by offsets."""

    def __init__(self, name: str, folder: Path) -> None:
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except Exception as error:  # damaged files raise errors of every kind
            raise InputError(
                f"encoder {name}: cannot load its tokenizer: {first_line(error)}"
            ) from error
        self.words = {i: word for word, i in self._tokenizer.get_vocab().items()}
        self._unknown = self._tokenizer.unk_token_id
        self.special = frozenset(self._tokenizer.all_special_ids)
        stated = self._tokenizer.model_max_length
        # transformers writes 10^30 where nobody stated any
        self.longest = int(stated) if 0 < stated < 10**9 else None
        self._has_offsets = bool(self._tokenizer.is_fast)
        self._is_bytes = type(self._tokenizer).__name__ in _BYTES

    def ids(self, text: str) -> list[int]:
        """Return the ids of a text, each of whose characters has a token."""
        # Said outright: a tokenizer.json may cut or fill by itself.
        found = self._tokenizer(
            text,
            truncation=False,
            padding=False,
            return_offsets_mapping=self._has_offsets,
            verbose=False,  # what is too long is told of its row
        )
        ids: list[int] = list(found["input_ids"])
        if self._is_bytes:
            return ids
        if self._unknown is not None and self._unknown in ids:
            raise ItemError(self._what_is_unknown(text, ids, found.get("offset_mapping")))
        lost = self._lost(text, ids, found.get("offset_mapping"))
        if lost:
            raise ItemError(f"no token in the encoder's tokenizer: {shortened(lost, 20)}")
        return ids

    def _what_is_unknown(self, text: str, ids: list[int], offsets: Any) -> str:
        start, stop = offsets[ids.index(self._unknown)] if offsets else (0, len(text))
        return f"{_UNKNOWN}: {shortened(text[start:stop], 20)}"

    def _lost(self, text: str, ids: list[int], offsets: Any) -> str:
        """Return the characters that no token stands for."""
        if offsets is None:
            plain = [self.words[i] for i in ids if i not in self.special]
            joined = re.sub("##|[\u2581\u0120]|</w>", "", "".join(plain))
            return "" if _letters(joined) == _letters(text) else text
        covered: set[int] = set()
        for i, (start, stop) in zip(ids, offsets, strict=True):
            if i not in self.special:
                covered.update(range(start, stop))
        return "".join(
            sign
            for place, sign in enumerate(text)
            if place not in covered and unicodedata.category(sign) not in _SHOW_NOTHING
        )


@dataclass(frozen=True)
class Reader:
    """How an encoder reads items.

    Attributes
    ----------
    token_ids
        From an item to ids, or ItemError.
    longest
        The tokenizer's own limit.
    begins_special
        Whether the first token is a special one, whose state can stand for the item.
    notes
        What a user should know of how items are read.
    """

    token_ids: Callable[[str], list[int]]
    longest: int | None
    begins_special: bool
    notes: tuple[str, ...]


def load_reader(name: str, folder: Path, rows: int, items: Items) -> Reader:
    """Load a folder's tokenizer and try it on items that must differ.

    Parameters
    ----------
    name, folder
        Of the encoder.
    rows
        Of the model's table of tokens.
    items
        What it is to read.

    Raises
    ------
    InputError
        If there is no tokenizer, it is not the model's, it does not read such items, or it cannot
        tell chlorine from carbon, or good from bad.
    """
    tokenizer = _load(name, folder, items)
    notes = _check_size(name, tokenizer, rows)
    token_ids: Callable[[str], list[int]] = tokenizer.ids
    if selfies_notation.is_selfies(tokenizer.words.values()):
        if items.name != "molecules":
            raise _of_molecules(name, "of SELFIES", items)
        to_selfies = selfies_notation.converter(name)
        token_ids = partial(_ids_of_selfies, tokenizer, to_selfies)
        notes = [*notes, "it reads SELFIES, which are made of the SMILES"]
    seen, lost = tried(name, token_ids, rows, items)
    special = bool(seen) and all(ids[0] in tokenizer.special for ids in seen)
    return Reader(token_ids, tokenizer.longest, special, (*notes, *lost))


def _ids_of_selfies(tokenizer: Tokenizer, to_selfies: Callable[[str], str], text: str) -> list[int]:
    return tokenizer.ids(to_selfies(text))


def _of_molecules(name: str, what: str, items: Items) -> InputError:
    return InputError(
        f"encoder {name}: its vocabulary is {what}, and the items are {items.name}. Give an "
        "encoder that was trained on text."
    )


def _letters(text: str) -> str:
    """Return what a tokenizer without offsets may not lose: neither case nor blanks."""
    plain = unicodedata.normalize("NFKC", text.casefold())
    return "".join(sign for sign in plain if unicodedata.category(sign) not in _SHOW_NOTHING)


def _load(name: str, folder: Path, items: Items) -> Tokenizer:
    words = _atom_vocabulary(folder)
    if words is not None and items.name != "molecules":
        raise _of_molecules(name, "of whole atoms", items)
    if words is not None:
        return _atom_tokenizer(name, folder, words)
    if not any((folder / file).is_file() for file in FILES) and not _reads_bytes(folder):
        raise InputError(
            f"encoder {name}: no tokenizer in {folder}. It should hold one of {', '.join(FILES)}, "
            f"as the model's authors ship it. Nothing says how the model reads a {items.cell}."
        )
    return AutoloadedTokenizer(name, folder)


def _settings(folder: Path) -> dict[str, Any]:
    """Return what the tokenizer's small files say; nothing of those that cannot be read."""
    settings: dict[str, Any] = {}
    for file in ("special_tokens_map.json", "tokenizer_config.json"):
        try:
            found = files.read_json(folder / file)
        except (OSError, ValueError):
            continue
        settings |= found if isinstance(found, dict) else {}
    return settings


def _reads_bytes(folder: Path) -> bool:
    return _settings(folder).get("tokenizer_class") in _BYTES


def _atom_vocabulary(folder: Path) -> list[str] | None:
    """Return the lines of a ``vocab.txt`` of whole atoms, None if there is no such file."""
    path = folder / "vocab.txt"
    if (folder / "tokenizer.json").is_file() or not path.is_file():
        return None
    words = path.read_text(encoding="utf-8", errors="replace").split("\n")
    words = [word.removesuffix("\r") for word in (words[:-1] if words[-1] == "" else words)]
    atoms = {"C", "c", "O", "(", "=", "Cl"} <= set(words)
    brackets = any(re.fullmatch(r"\[\d*(?:nH|[A-Z][a-z]?@?@?H?\d?[+-]?)\]", word) for word in words)
    return words if atoms and brackets and not any(w.startswith("##") for w in words) else None


def _atom_tokenizer(name: str, folder: Path, words: list[str]) -> AtomTokenizer:
    known = {word: i for i, word in enumerate(words)}
    settings = _settings(folder)

    def special(role: str, usual: Sequence[str]) -> int | None:
        given = settings.get(role)
        text = given.get("content") if isinstance(given, dict) else given
        found = next((word for word in (text, *usual) if word in known), None)
        return None if found is None else known[found]

    begin = special("cls_token", ("[CLS]", "<s>", "<cls>"))
    end = special("sep_token", ("[SEP]", "</s>", "<eos>"))
    if begin is None or end is None:
        raise InputError(
            f"encoder {name}: {folder / 'vocab.txt'} has no tokens that begin and end a molecule. "
            "special_tokens_map.json should name them."
        )
    marks = {
        special(role, usual)
        for role, usual in (
            ("unk_token", ("[UNK]", "<unk>")),
            ("pad_token", ("[PAD]", "<pad>")),
            ("mask_token", ("[MASK]", "<mask>")),
        )
    }
    specials = frozenset(i for i in (begin, end, *marks) if i is not None)
    usable = {word: i for word, i in known.items() if i not in specials}
    return AtomTokenizer(dict(enumerate(words)), (begin,), (end,), specials, known=usable)


def _check_size(name: str, tokenizer: Tokenizer, rows: int) -> list[str]:
    """Refuse a vocabulary that is not the model's; warn of one that fills little of its table."""
    outside = sorted(i for i in tokenizer.words if i >= rows and i not in tokenizer.special)
    if outside:
        raise InputError(
            f"encoder {name}: its tokenizer has {len(outside)} tokens outside the model's table of "
            f"{rows} (for example {tokenizer.words[outside[0]]!r}, {outside[0]}). They do not "
            "belong together."
        )
    size = len(tokenizer.words)
    if size - len(tokenizer.special) < _FEWEST_TOKENS or size < _VERY_FAR * rows:
        raise InputError(
            f"encoder {name}: its tokenizer has {size} tokens, {len(tokenizer.special)} of them "
            f"special, and the model's table {rows}: the vocabulary was not loaded. The folder "
            "should hold the tokenizer's own files, in a form that AutoTokenizer knows."
        )
    if size < _FAR * rows:
        return [f"its tokenizer has {size:,} tokens, the model's table {rows:,}"]
    return []
