"""From models of a use, one a split, to predictions of new molecules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.heads.linear import Array, Link, linked
from w2s_mol.heads.matrix import Features
from w2s_mol.heads.mixture import MixtureHead
from w2s_mol.heads.probability import within
from w2s_mol.models.heads import KeptHead
from w2s_mol.models.model import Input, Model
from w2s_mol.prediction.sources import is_number, open_source, reads_column
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.names import RAW, columns_of
from w2s_mol.tasks.registry import find_task

FAR = 10.0
"""Standard deviations from the mean: numbers beyond are none that a head was fitted on."""


@dataclass(frozen=True)
class Said:
    """What was said of ``n`` molecules by the models of ``s`` splits.

    Attributes
    ----------
    predictions
        Shape (n, s), in label units or probabilities; NaN where there is none.
    features
        What the students read (the supervisors where there are none) side by side, shape (n, d).
    reasons
        For each molecule why there is no prediction, or an empty text.
    far
        Whether a number that a model reads of it is far from all that its head was fitted on.
    """

    predictions: Array
    features: Features
    reasons: list[str]
    far: NDArray[np.bool_]


class Predictor:
    """Models of one use of a supervisor.

    Parameters
    ----------
    students, supervisors
        The models of each split. No students where the supervisor's labels are taken as they are;
        supervisors where their labels are read.
    finder
        How encoders are found.

    Raises
    ------
    InputError
        If an encoder is not the one that its heads were fitted on.
    """

    def __init__(
        self,
        students: Sequence[Model],
        supervisors: Sequence[Model],
        finder: Finder,
    ) -> None:
        self._items = finder.items
        self._task = find_task((*supervisors, *students)[0].task)
        of_supervisors = dict.fromkeys(i for m in supervisors for i in m.inputs)
        self._labels = [one for one in of_supervisors if one.encoder.startswith(RAW)]
        self._supervisors = _Heads(supervisors) if supervisors else None
        self._students = _Heads(students) if students else None
        self._seen = tuple(dict.fromkeys(i for m in students or supervisors for i in m.inputs))
        inputs = dict.fromkeys(i for m in (*supervisors, *students) for i in m.inputs)
        self._sources = {one: open_source(one, finder) for one in inputs}
        self._numbers = [
            (model.inputs[0], model.head.scaler.mean[0], model.head.scaler.scale[0])
            for model in supervisors
            if len(model.inputs) == 1 and is_number(model.inputs[0])
            if model.head.scaler.scale[0] != 1  # as it stands: of no molecules
        ]
        self.addresses = list(dict.fromkeys(i.encoder for i in inputs if not is_number(i)))
        self.columns = columns_of(one.encoder for one in inputs if reads_column(one))

    @property
    def read_by_encoder(self) -> bool:
        """Say whether the features are of no column, so that any item has them."""
        return not any(map(reads_column, self._seen))

    def predict(self, examples: Examples, progress: Progress = silent) -> Said:
        """Predict labels of molecules; ``examples`` have the ``columns``."""
        read = {one: source.read(examples, progress) for one, source in self._sources.items()}
        weak, faults = self._weak_labels(read)
        found = self._students.predict(read, weak) if self._students else weak
        assert found is not None  # noqa: S101 -- one of the two is there
        if not self.read_by_encoder:
            broken = np.array([bool(self._items.fault(cell)) for cell in examples.smiles])
            found = np.where(broken[:, None], np.nan, found)
        finite = np.isfinite(found.sum(axis=1))
        every = zip(*(why for _, why in read.values()), faults, strict=True)
        reasons = [next(filter(None, why), "") for why in every]
        told = [
            why or ("" if known else "the prediction is not finite")
            for why, known in zip(reasons, finite, strict=True)
        ]
        features = _beside(self._seen, read)
        return Said(np.where(finite[:, None], found, np.nan), features, told, self._far(read))

    def _weak_labels(self, read: _Read) -> tuple[Array | None, Sequence[str]]:
        """Return them as they count, shape (n, s), and for each molecule why it has none."""
        faults = [""] * len(next(iter(read.values()))[1])
        if self._supervisors is None:
            return None, faults
        wrong = np.zeros(len(faults), dtype=bool)
        for one in self._labels:
            numbers = np.asarray(read[one][0][:, 0], np.float64)
            name = one.encoder.removeprefix(RAW)
            here = ~self._task.sayable(numbers) & ~np.isnan(numbers)
            wrong |= here
            for row in np.flatnonzero(here):
                faults[row] = f"no probability in column {name!r}: {numbers[row]:g}"
        found = self._supervisors.predict(read)
        return self._task.said(np.where(wrong[:, None], np.nan, found), "weak"), faults

    def _far(self, read: _Read) -> NDArray[np.bool_]:
        n = len(next(iter(read.values()))[1])
        found = np.zeros(n, dtype=bool)
        with np.errstate(invalid="ignore"):
            for one, mean, scale in self._numbers:
                found |= np.abs(read[one][0][:, 0] - mean) > FAR * scale
        return found

    def features(self, examples: Examples) -> Features:
        """Return what the student reads of molecules, NaN where it cannot."""
        read = {one: self._sources[one].read(examples, silent) for one in self._seen}
        return _beside(self._seen, read)


_Read = Mapping[Input, tuple[Features, Sequence[str]]]


def _beside(inputs: Sequence[Input], read: _Read) -> Features:
    """Return the features of some inputs side by side."""
    return read[inputs[0]][0] if len(inputs) == 1 else np.hstack([read[one][0] for one in inputs])


class _Heads:
    """The heads of ``s`` splits; those that read the same have one product."""

    def __init__(self, models: Sequence[Model]) -> None:
        self._size = len(models)
        places: dict[tuple[Input, ...], list[int]] = {}
        for place, model in enumerate(models):
            places.setdefault(model.inputs, []).append(place)
        self._alike = [
            (inputs, some, _Product.of([models[place].head for place in some]))
            for inputs, some in places.items()
        ]

    def predict(self, read: _Read, beside: Array | None = None) -> Array:
        """Return predictions, shape (n, s), from what was read of the molecules."""
        n = len(next(iter(read.values()))[1])
        found = np.empty((n, self._size))
        for inputs, some, product in self._alike:
            number = None if beside is None else beside[:, some]
            found[:, some] = product.of_features(_beside(inputs, read), number)
        return found


@dataclass(frozen=True)
class _Product:
    """Heads on the same features, each with its scaler multiplied in.

    Attributes
    ----------
    coefficients, intercepts, slopes
        Of all sums of all heads, side by side: one of a linear head, several of a mixture.
    sizes
        How many sums each head has.
    shares
        Of each sum in its head.
    link
        What makes predictions of sums.
    """

    coefficients: Array
    intercepts: Array
    slopes: Array | None
    sizes: list[int]
    shares: Array
    link: Link

    @classmethod
    def of(cls, heads: Sequence[KeptHead]) -> _Product:
        scaled, moved, slopes = [], [], []
        for head in heads:
            flat = head.coefficients.reshape(len(head.scaler.mean), -1)
            scaled.append(flat / head.scaler.scale[:, None])
            moved.append(head.intercepts.ravel() - head.scaler.mean @ scaled[-1])
            slopes += [] if head.slopes is None else [head.slopes.ravel()]
        return cls(
            np.hstack(scaled),
            np.concatenate(moved),
            np.concatenate(slopes) if slopes else None,
            [len(one) for one in moved],
            np.concatenate(
                [h.shares[0] if isinstance(h, MixtureHead) else np.ones(1) for h in heads]
            ),
            heads[0].link,
        )

    def of_features(self, features: Features, beside: Array | None) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):
            sums = np.asarray(features, np.float64) @ self.coefficients + self.intercepts
            number = None if beside is None else np.repeat(beside, self.sizes, axis=1)
            each = linked(sums, self.link, self.slopes, number) * self.shares
            if len(self.sizes) == each.shape[1]:
                return each
            starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
            return within(np.add.reduceat(each, starts, axis=1))  # mixtures are of classes
