"""What a plug-in's answers must be; whoever breaks a law is told which one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.errors import InputError, shortened

_SAMPLE = 8
"""Molecules on which the laws about company and order are tried."""

_CLOSE = 1e-5
"""How near two vectors of one molecule must be, absolutely or beside their size."""


@dataclass(frozen=True)
class Answer:
    """What a plug-in makes of ``n`` SMILES: shapes (n, d) and (n,), a text for each."""

    vectors: NDArray[np.float32]
    valid: NDArray[np.bool_]
    reasons: tuple[str, ...]


def broken(origin: str, what: str, expected: str) -> InputError:
    """Return the error for a plug-in that breaks a law."""
    return InputError(
        f"the encoder plug-in {origin} breaks the contract: {what}. It should be: {expected}."
    )


def check_answer(origin: str, given: Any, texts: Sequence[str], size: int) -> Answer:
    """Return what a plug-in gave, if it has the form that the protocol says.

    Raises
    ------
    InputError
        If not.
    """
    if not isinstance(given, tuple) or len(given) not in (2, 3):
        got = f"{len(given)} things" if isinstance(given, tuple) else f"a {type(given).__name__}"
        raise broken(origin, f"embed returned {got}", "(vectors, valid) or (..., reasons)")
    vectors, valid = given[0], given[1]
    _check_array(origin, "vectors", vectors, (len(texts), size), np.dtype(np.float32))
    _check_array(origin, "valid", valid, (len(texts),), np.dtype(bool))
    reasons = _reasons(origin, given[2] if len(given) == 3 else None, valid)
    wrong = np.flatnonzero(valid & ~np.isfinite(vectors).all(axis=1))
    if wrong.size:
        raise broken(
            origin,
            f"the vector of {shortened(texts[wrong[0]])} is not finite, and it is called valid",
            "finite where valid is True; say False for what it cannot represent",
        )
    return Answer(vectors.copy(), valid.copy(), reasons)  # a plug-in may use its arrays again


def _check_array(
    origin: str, name: str, array: Any, shape: tuple[int, ...], kind: np.dtype
) -> None:
    expected = f"a numpy array of {kind}, shape {shape}"
    if not isinstance(array, np.ndarray):
        raise broken(origin, f"its {name} are a {type(array).__name__}", expected)
    if array.shape != shape:
        raise broken(origin, f"its {name} have the shape {array.shape}", expected)
    if array.dtype != kind:
        raise broken(origin, f"its {name} are of {array.dtype}", expected)


def _reasons(origin: str, given: Any, valid: NDArray[np.bool_]) -> tuple[str, ...]:
    """Return a reason for each molecule that is not valid, and empty texts for the others."""
    reasons = [""] * len(valid) if given is None else given
    right = isinstance(reasons, Sequence) and not isinstance(reasons, str)
    if not right or len(reasons) != len(valid) or any(not isinstance(r, str) for r in reasons):
        raise broken(origin, "its reasons are no list of as many texts", f"{len(valid)} texts")
    default = "the plug-in calls it invalid"
    return tuple(
        "" if good else reason or default for good, reason in zip(valid, reasons, strict=True)
    )


def check_laws(
    origin: str, ask: Callable[[list[str]], Answer], texts: Sequence[str], answer: Answer
) -> bool:
    """Try the laws that hold between answers, on a few of the molecules that were asked for.

    Parameters
    ----------
    origin
        Who answered.
    ask
        How to ask again.
    texts, answer
        What was asked for and what it answered.

    Returns
    -------
    bool
        Whether there were molecules enough to try them all.

    Raises
    ------
    InputError
        If it breaks one.
    """
    spread = np.linspace(0, len(texts) - 1, min(_SAMPLE, len(texts))).round().astype(int)
    sample = [texts[place] for place in spread]
    first = ask(sample)
    _compare(origin, "asked twice for the same SMILES", sample, first, ask(sample))
    turned = ask(sample[::-1])
    back = Answer(turned.vectors[::-1], turned.valid[::-1], turned.reasons[::-1])
    _compare(origin, "asked for the same SMILES in reverse order", sample, first, back)
    for row, text in enumerate(sample):
        kept = Answer(first.vectors[[row]], first.valid[[row]], (first.reasons[row],))
        _compare(origin, "asked for a SMILES alone", [text], kept, ask([text]))
    among = Answer(answer.vectors[spread], answer.valid[spread], ())
    _compare(origin, "asked for a SMILES among others", sample, among, first)
    return len(sample) > 1


def _compare(origin: str, when: str, texts: list[str], one: Answer, other: Answer) -> None:
    law = (
        f"the same for a SMILES, within {_CLOSE:g}, whatever stands beside it and in whatever "
        "order. Think of dropout, padding, batch norms, half precision; or embed once and give "
        "file:EMBEDDINGS.parquet"
    )
    for row, text in enumerate(texts):
        if one.valid[row] != other.valid[row]:
            what = f"{when}, it calls {shortened(text)} valid once and once not"
            raise broken(origin, what, law)
        if one.valid[row] and not np.allclose(
            one.vectors[row], other.vectors[row], rtol=_CLOSE, atol=_CLOSE
        ):
            far = float(np.abs(one.vectors[row] - other.vectors[row]).max())
            what = f"{when}, its vector of {shortened(text)} differs by {far:.2g}"
            raise broken(origin, what, law)
