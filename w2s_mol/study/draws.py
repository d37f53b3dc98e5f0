"""Draws: a split, and which of its true labels the supervisors have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.datasets.apart import Apart
from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import Rows
from w2s_mol.streams import stream
from w2s_mol.study.config import ALL, StudyConfig
from w2s_mol.study.protocols import PROTOCOLS, Roles, told_apart


@dataclass(frozen=True)
class Draw:
    """One split of a dataset and a number of true labels, drawn by seed.

    Attributes
    ----------
    split
        Which of the dataset's splits, from 0.
    labels
        How many true labels supervisors have, or ``all`` that the protocol gives them.
    seed
        Of the draw; None where all are taken.
    """

    split: int
    labels: str = ALL
    seed: int | None = None

    def name(self, split: Split) -> str:
        """Return what results call it: the split itself where all labels are taken."""
        if self.seed is None:
            return split.name
        return f"{split.name} labels {self.labels} seed {self.seed}"

    def sha256(self, dataset: Dataset, config: StudyConfig) -> str:
        """Return a hash of which molecules have which part in it."""
        split = dataset.splits[self.split]
        if self.seed is None:
            return split.sha256
        how = [self.labels, self.seed, config.student_on, config.valid_labels]
        how += [dataset.kind] if dataset.classes else []
        return files.sha256_json([split.sha256, *how])


def draws(dataset: Dataset, config: StudyConfig) -> list[Draw]:
    """Return the draws of a dataset, split by split.

    Raises
    ------
    InputError
        If a split has none of the numbers of labels that are asked for, or labels of one class
        alone for supervisors.
    """
    found = [
        Draw(place, labels, None if labels == ALL else seed)
        for place, split in enumerate(dataset.splits)
        for labels in config.labels
        if has_enough(labels, split, config)
        for seed in (config.label_seeds if labels != ALL else (0,))
    ]
    lacking = {*range(len(dataset.splits))} - {draw.split for draw in found}
    if lacking:
        raise _too_few(dataset, dataset.splits[min(lacking)], config)
    _refuse_one_class(dataset, config)
    return found


def has_enough(labels: str, split: Split, config: StudyConfig) -> bool:
    """Say whether a split has molecules for a number of labels."""
    return labels == ALL or int(labels) <= _most(split, config)


def still_drawn(found: Sequence[Draw], kept: Dataset, config: StudyConfig) -> list[Draw]:
    """Return those of some draws for which a dataset has molecules once some are left out of it.

    Raises
    ------
    InputError
        If there are none.
    """
    left = [draw for draw in found if has_enough(draw.labels, kept.splits[draw.split], config)]
    if not left:
        raise _too_few(kept, kept.splits[found[0].split], config)
    _refuse_one_class(kept, config)
    return left


def left_out(dataset: Dataset, config: StudyConfig) -> list[str]:
    """Return a note for each number of labels that some split does not have."""
    most = min(_most(split, config) for split in dataset.splits)
    above = [labels for labels in config.labels if labels != ALL and int(labels) > most]
    if not above:
        return []
    what = f"{', '.join(above)} labels are left out where a split has fewer molecules to learn from"
    return [f"{what}, {most:,} at the least"]


def labelled_first(found: Sequence[Draw], dataset: Dataset, config: StudyConfig) -> Rows:
    """Return the rows of the first split whose labels supervisors have, in the largest draw."""
    of_first = [draw for draw in found if draw.split == 0]
    largest = max(of_first, key=lambda d: inf if d.labels == ALL else int(d.labels))
    return _roles_of_labelled(largest, dataset, config).supervisor_learns


def roles_of(draw: Draw, dataset: Dataset, config: StudyConfig) -> Roles:
    """Return the roles of a dataset's molecules in a draw.

    Those that the supervisors know are drawn anew for each seed; for one seed, fewer labels are
    among the more. A student learns weak labels of molecules without a label in every draw; who is
    told apart is a matter of the test part alone.
    """
    split = dataset.splits[draw.split]
    roles = _roles_of_labelled(draw, dataset, config)
    taught = np.concatenate([roles.student_learns, dataset.unlabelled])
    used = np.concatenate([roles.supervisor_learns, roles.supervisor_chooses, taught])
    left = np.setdiff1d(np.concatenate([split.train, split.valid]), used)
    return replace(
        roles, student_learns=taught, unlabelled=left, apart=_apart(split, dataset.apart)
    )


def _apart(split: Split, apart: Apart | None) -> dict[str, Rows]:
    if apart is None:
        return {}
    rows = apart.among(split.test)
    return {told_apart(apart.column): rows} if len(rows) else {}


def _roles_of_labelled(draw: Draw, dataset: Dataset, config: StudyConfig) -> Roles:
    roles = PROTOCOLS[config.protocol].roles(dataset.splits[draw.split], config.seed)
    if draw.seed is None:
        return roles
    count = int(draw.labels)
    labels = None if dataset.classes is None else dataset.labels
    labelled = _first(roles.supervisor_learns, count, draw.seed, "labelled molecules", labels)
    rest = np.setdiff1d(roles.student_learns, labelled)
    taught = {"same": labelled, "rest": rest, "all": np.union1d(labelled, rest)}
    valid = roles.parts["valid"]
    if config.valid_labels == "share":
        share = max(1, round(count * len(valid) / len(roles.supervisor_learns)))
        valid = _first(valid, share, draw.seed, "labelled validation molecules", labels)
    own = {"train": labelled} if config.student_on == "same" else {
        "train-weak": labelled, "train-strong": rest
    }  # fmt: skip
    return Roles(
        {**own, "valid": valid, "test": roles.parts["test"]},
        supervisor_learns=labelled,
        student_learns=taught[config.student_on],
        supervisor_chooses=valid,
        student_chooses=roles.student_chooses,
        drawn=True,
    )


def _first(
    rows: Rows, count: int, seed: int, purpose: str, classes: NDArray[np.float64] | None
) -> Rows:
    """Return the first of some rows in an order drawn by seed; of classes, of both of them.

    Where the first are all of one class, the first of the other stands for the last of them: it is
    among the first of any larger count, or stands for the last there too, so that fewer are still
    among the more. A single one is of its own class.
    """
    order = stream(seed, purpose).permutation(rows)
    first = order[:count]
    if classes is not None and count > 1:
        others = order[classes[order] != classes[order[0]]]
        if len(others) and others[0] not in first:
            first = np.append(first[:-1], others[0])
    return np.sort(first)


def _refuse_one_class(dataset: Dataset, config: StudyConfig) -> None:
    """Raise InputError where a protocol gives supervisors labels of one class alone."""
    if dataset.classes is None:
        return
    for split in dataset.splits:
        rows = PROTOCOLS[config.protocol].roles(split, config.seed).supervisor_learns
        labels = dataset.labels[rows]
        if np.ptp(labels) == 0:
            raise InputError(
                f"protocol {config.protocol} gives supervisors {len(rows):,} train molecules of "
                f"split {split.name} of {dataset.name}, all of them "
                f"{dataset.classes[int(labels[0])]!r}. Pass another --seed, or --protocol paper."
            )


def _too_few(dataset: Dataset, split: Split, config: StudyConfig) -> InputError:
    return InputError(
        f"split {split.name} of {dataset.name} has {_most(split, config):,} molecules with labels "
        f"for supervisors, and --labels asks for {', '.join(config.labels)}. Ask for fewer, or for "
        f"{ALL}."
    )


def _most(split: Split, config: StudyConfig) -> int:
    learns = len(PROTOCOLS[config.protocol].roles(split, config.seed).supervisor_learns)
    none_left = config.student_on == "rest" and not config.unlabelled
    return learns - none_left  # someone has to be left for the student
