"""A table of short reviews, made by code: no person wrote or judged one.

The label is a rule on the words: one point for each word of praise, one less for each of blame.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path

PRAISE = ("wonderful", "brilliant", "delightful", "moving", "superb", "funny")
BLAME = ("dull", "tedious", "awful", "clumsy", "boring", "weak")
_WHAT = ("film", "plot", "acting", "script", "music", "ending", "hero", "villain")
_HOW = ("", "rather ", "very ", "truly ")

HEADER = ["review", "score", "positive", "n_words"]


def reviews(n: int, seed: int = 0) -> list[list[str]]:
    """Return the rows of ``n`` different reviews, in the order of ``HEADER``."""
    drawn = random.Random(seed)
    made: dict[str, int] = {}
    while len(made) < n:
        score, parts = 0, []
        for _ in range(drawn.randint(1, 3)):
            good = drawn.random() < 0.5
            score += 1 if good else -1
            word = drawn.choice(PRAISE if good else BLAME)
            parts.append(f"the {drawn.choice(_WHAT)} was {drawn.choice(_HOW)}{word}")
        made.setdefault(f"{' and '.join(parts)}.".capitalize(), score)
    return [*_rows(made)]


def _rows(made: dict[str, int]) -> Iterator[list[str]]:
    for text, score in made.items():
        yield [text, str(score), "yes" if score > 0 else "no", str(len(text.split()))]


def write_reviews(path: Path, n: int, seed: int = 0) -> list[list[str]]:
    """Write them as a CSV with a header, and return them."""
    rows = reviews(n, seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return rows
