"""From models of a use, one a split, to predictions of new molecules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.heads.linear import Array
from w2s_mol.heads.matrix import Features
from w2s_mol.models.model import Model
from w2s_mol.prediction.sources import Source, fault_of, open_source, reads_column
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.names import columns_of
from w2s_mol.uses.registry import USES


@dataclass(frozen=True)
class Said:
    """What was said of ``n`` molecules by the models of ``s`` splits.

    Attributes
    ----------
    predictions
        Shape (n, s), in label units; NaN where there is none.
    features
        What the student reads (the supervisor where there is none), shape (n, d).
    reasons
        For each molecule why there is no prediction, or an empty text.
    """

    predictions: Array
    features: Features
    reasons: list[str]


class Predictor:
    """Models of one use.

    Parameters
    ----------
    use
        By name; not looked at where there are no students.
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
        use: str,
        students: Sequence[Model],
        supervisors: Sequence[Model],
        finder: Finder,
    ) -> None:
        self._use = use
        self._sources: dict[tuple[str, str], Source] = {}
        self._supervisors = self._opened(supervisors, finder) if supervisors else None
        self._students = self._opened(students, finder) if students else None
        self._first = (students or supervisors)[0]
        self.columns = columns_of(m.encoder for m in (*students, *supervisors) if reads_column(m))

    @property
    def read_by_encoder(self) -> bool:
        """Say whether the features are an encoder's, which any SMILES has."""
        return not reads_column(self._first)

    def predict(self, examples: Examples, progress: Progress = silent) -> Said:
        """Predict labels of molecules; ``examples`` have the ``columns``."""
        read = {key: source.read(examples, progress) for key, source in self._sources.items()}
        weak = self._supervisors.predict(read) if self._supervisors else None
        found = weak
        if self._students:
            of_model = self._students.predict(read, weak)
            found = of_model if weak is None else USES[self._use].predicted(of_model, weak)
        assert found is not None  # noqa: S101 -- one of the two is there
        if not self.read_by_encoder:
            faults = np.array([bool(fault_of(smiles)) for smiles in examples.smiles])
            found = np.where(faults[:, None], np.nan, found)
        finite = np.isfinite(found.sum(axis=1))
        every = zip(*(why for _, why in read.values()), strict=True)
        reasons = [next(filter(None, why), "") for why in every]
        told = [
            why or ("" if known else "the prediction is not finite")
            for why, known in zip(reasons, finite, strict=True)
        ]
        return Said(np.where(finite[:, None], found, np.nan), read[_key(self._first)][0], told)

    def features(self, examples: Examples) -> Features:
        """Return what the student reads of molecules, NaN where it cannot."""
        return self._sources[_key(self._first)].read(examples, silent)[0]

    def _opened(self, models: Sequence[Model], finder: Finder) -> _Heads:
        key = _key(models[0])
        if key not in self._sources:
            self._sources[key] = open_source(models[0], finder)
        return _Heads.of(models, key)


_Key = tuple[str, str]


def _key(model: Model) -> _Key:
    return model.encoder, model.pooling


@dataclass(frozen=True)
class _Heads:
    """Heads of ``s`` splits on one source, each with its scaler multiplied in."""

    source: _Key
    coefficients: Array
    intercepts: Array
    slopes: Array | None

    @classmethod
    def of(cls, models: Sequence[Model], source: _Key) -> _Heads:
        heads = [model.head for model in models]
        coefficients = np.hstack([h.coefficients / h.scaler.scale[:, None] for h in heads])
        means = np.stack([head.scaler.mean for head in heads])
        intercepts = np.concatenate([head.intercepts for head in heads])
        slopes = [head.slopes for head in heads if head.slopes is not None]
        moved = intercepts - (means.T * coefficients).sum(axis=0)
        return cls(source, coefficients, moved, np.concatenate(slopes) if slopes else None)

    def predict(
        self, read: dict[_Key, tuple[Features, Sequence[str]]], beside: Array | None = None
    ) -> Array:
        """Return predictions, shape (n, s), from what was read of the molecules."""
        features = np.asarray(read[self.source][0], dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            found: Array = features @ self.coefficients + self.intercepts
            return found if self.slopes is None or beside is None else found + self.slopes * beside
