"""The peer of an encoder: what differs from it in the seed of its weights alone."""

from __future__ import annotations

from pathlib import Path

from w2s_mol.encoders import random_bert
from w2s_mol.encoders.adapted import adapted_encoders
from w2s_mol.encoders.folder import folder_metadata
from w2s_mol.encoders.names import shipped_encoders, shipped_strong_encoders

_ALIKE = (
    "hidden",
    "layers",
    "heads",
    "trained",
    "epochs",
    "objectives",
    "corpus_sha256",
    "transductive",
)
"""What encoders that are peers have in common, as far as their folders say how they were made."""


def peer_of(name: str) -> str | None:
    """Return the name of an encoder's peer, or None if it has none.

    It is the one of the next seed, after the last the first: of a shipped or an adapted encoder
    among those that are, of a folder among the folders beside it, and for one that was never
    trained there is always the next.

    Raises
    ------
    InputError
        If a folder says how it was made in a way that cannot be read.
    """
    if (Path(name) / "config.json").is_file():
        beside = Path(name).absolute().parent.glob("*/config.json")
        return _next(Path(name).absolute(), {str(path.parent): path.parent for path in beside})
    if random_bert.is_random(name):
        return random_bert.with_next_seed(name)
    for kin in ({**shipped_encoders(), **shipped_strong_encoders()}, adapted_encoders()):
        if name in kin:
            return _next(kin[name], kin)
    return None


def _next(mine: Path, kin: dict[str, Path]) -> str | None:
    """Return the name of the one with the next seed among those that were made alike."""
    made = folder_metadata(mine)
    seeds: dict[int, str] = {}
    for name, folder in sorted(kin.items()):
        others = folder_metadata(folder)
        if isinstance(others.get("seed"), int) and all(
            others.get(key) == made.get(key) for key in _ALIKE
        ):
            seeds.setdefault(others["seed"], name)
    seed = made.get("seed")
    apart = [other for other in seeds if other != seed]
    if seed not in seeds or not apart:
        return None
    return seeds[min((other for other in apart if other > seed), default=min(apart))]
