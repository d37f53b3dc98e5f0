"""What adapted encoders have seen of a study's molecules, counted; and who may not take part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.encoders.adapted import Seen, seen_by
from w2s_mol.encoders.ref import EncoderRef, FolderRef
from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import skeletons_of


@dataclass(frozen=True)
class SeenOfDataset:
    """What one adapted encoder has seen of one dataset, without labels.

    Attributes
    ----------
    encoder
        What results call it.
    transductive
        Whether it was to see test molecules, and says so in its name.
    molecules
        How many of the dataset's molecules it has seen, stereo and isotopes not counted.
    of_test
        How many of each split's test part, by the split's name.
    of_any_test
        How many that are in a test part of any split.
    """

    encoder: str
    transductive: bool
    molecules: int
    of_test: dict[str, int]
    of_any_test: int

    @property
    def words(self) -> str:
        """Say it."""
        return (
            f"molecules of the dataset, without labels: {self.molecules:,}; test molecules: "
            f"{self.of_any_test:,}"
        )


def seen_of(dataset: Dataset, encoders: Iterable[EncoderRef]) -> list[SeenOfDataset]:
    """Count what those encoders that were adapted have seen of a dataset.

    Raises
    ------
    InputError
        If the list of what one has seen is lost or cannot be read.
    """
    each = [(one.name, seen) for one in encoders if (seen := _seen(one)) is not None]
    if not each:
        return []
    skeletons = skeletons_of(dataset.smiles)
    return [_counted(name, seen, dataset, skeletons) for name, seen in each]


def refuse_seen_tests(seen: Mapping[str, Iterable[SeenOfDataset]]) -> None:
    """Raise InputError if an encoder has seen test molecules, and does not say so in its name.

    Parameters
    ----------
    seen
        By the name of each dataset, what ``seen_of`` counts of it.
    """
    for dataset, by_each in seen.items():
        for one in by_each:
            if one.of_any_test and not one.transductive:
                raise InputError(_refusal(dataset, one))


def _refusal(dataset: str, seen: SeenOfDataset) -> str:
    found = {split: count for split, count in seen.of_test.items() if count}
    first = ", ".join(f"{count:,} of split {split}" for split, count in [*found.items()][:5])
    others = f" and {len(found) - 5} more splits" if len(found) > 5 else ""
    return (
        f"encoder {seen.encoder} was adapted on {seen.of_any_test:,} test molecules of "
        f"{dataset} ({first}{others}), and its name does not say so. Adapt it with the "
        "datasets and the options on splits that this study has, which leaves them out, or with "
        "--transductive, which every table then shows."
    )


def _seen(encoder: EncoderRef) -> Seen | None:
    return seen_by(encoder.folder) if isinstance(encoder, FolderRef) else None


def _counted(name: str, seen: Seen, dataset: Dataset, skeletons: Sequence[str]) -> SeenOfDataset:
    was_seen = np.array([skeleton in seen.molecules for skeleton in skeletons], dtype=bool)
    every: NDArray[np.int64] = np.unique(np.concatenate([s.test for s in dataset.splits]))
    return SeenOfDataset(
        encoder=name,
        transductive=seen.transductive,
        molecules=int(was_seen.sum()),
        of_test={split.name: int(was_seen[split.test].sum()) for split in dataset.splits},
        of_any_test=int(was_seen[every].sum()),
    )
