"""Supervisors that are a number of each molecule: a column of its table, a computed property."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from w2s_mol import files, kept
from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.matrix import InMemory
from w2s_mol.manifest import versions
from w2s_mol.models.heads import KeptHead
from w2s_mol.models.model import Input, Model
from w2s_mol.molecules.properties import check_property, property_values
from w2s_mol.progress import Progress, silent
from w2s_mol.supervisors.contract import Lesson, Supervisor, WeakLabels
from w2s_mol.supervisors.names import COLUMN, PROPERTY, RAW
from w2s_mol.supervisors.remarks import remarks_on
from w2s_mol.tasks.registry import find_task

_REPORT_EVERY = 100
_FILE = "values.npy"
FIXED = "fixed"
"""The pooling of what has none."""


class Number(Supervisor):
    """A number of each molecule, calibrated: a head on it alone, fitted to true labels."""

    def __init__(self, prefix: str, what: str) -> None:
        self.name, self.family = f"{prefix}{what}", prefix.removesuffix(":")
        self.sha256 = files.sha256_json([self.family, what])

    @abstractmethod
    def values(self, examples: Examples) -> Array:
        """Return the numbers, shape (n,); NaN where there is none."""

    def remarks(
        self, examples: Examples, truth: Array, progress: Progress = silent
    ) -> Sequence[str]:
        """Say how the number goes with the label.

        Raises
        ------
        InputError
            If it is constant, or there is none.
        """
        self.prepare(examples.smiles, progress)
        return remarks_on(self.name, self.values(examples), truth)

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Fit a head of the number to true labels, and let it predict where there is one."""
        values = self.values(lesson.examples)
        known = ~np.isnan(values)
        learn, choose = lesson.learn[known[lesson.learn]], lesson.choose[known[lesson.choose]]
        for rows, given, what in (
            (learn, lesson.learn, "molecules to learn from"),
            (choose, lesson.choose, "validation molecules to choose a penalty on"),
        ):
            if not len(rows):
                why = f"it has no number for any of the {len(given):,} labelled {what}"
                return WeakLabels(np.full(len(values), np.nan), silent=why)
        # A head takes features that vary in their seventh digit alone for constant ones.
        middle = values[learn].mean()
        feature = InMemory((values - middle)[:, None])
        head = lesson.fit(feature, lesson.truth[:, None], learn, choose)
        labels = head.predict_rows(feature, lesson.asked[known[lesson.asked]])[:, 0]
        model = None
        if isinstance(head, KeptHead):
            model = self._calibrating(head, middle, lesson.task)
        return WeakLabels(labels, float(head.penalties[0]), model)

    def _calibrating(self, head: KeptHead, middle: float, task: str) -> Model:
        """Return what says the same of other molecules, of a head on numbers less their middle."""
        moved = Scaler(head.scaler.mean + middle, head.scaler.scale)
        return self._model(replace(head, scaler=moved), task)

    def _model(self, head: KeptHead, task: str) -> Model:
        """Return what calibrates the number of other molecules."""
        return Model((Input(self.name, self.sha256, FIXED),), head, task)


class Column(Number):
    """A column of the table, calibrated."""

    def __init__(self, column: str, prefix: str = COLUMN) -> None:
        super().__init__(prefix, column)
        self._column = column

    def values(self, examples: Examples) -> Array:
        """Return the cells."""
        if self._column not in examples.columns:
            raise InputError(
                f"{self.name} reads column {self._column!r}, and these molecules have no such "
                "column. Give a table that has it."
            )
        return examples.columns[self._column]

    def content(self, examples: Examples) -> str:
        """Return a hash of the name and the cells."""
        return files.sha256_json([self.sha256, self.values(examples).tolist()])


class Raw(Column):
    """A column of the table as it stands: the label's own unit, or a probability of class 1."""

    def __init__(self, column: str) -> None:
        super().__init__(column, RAW)

    def remarks(
        self, examples: Examples, truth: Array, progress: Progress = silent
    ) -> Sequence[str]:
        """Say also that it points the wrong way, if it does."""
        return remarks_on(self.name, self.values(examples), truth, calibrated=False)

    def labels(self, lesson: Lesson) -> WeakLabels:
        """Return the cells.

        Raises
        ------
        InputError
            If they are no labels of the task: of classes, no probabilities.
        """
        labels = np.full(len(lesson.examples), np.nan)
        labels[lesson.asked] = self.values(lesson.examples)[lesson.asked]
        # Here, for others may average them, or rank them.
        labels = find_task(lesson.task).said(labels, self.name)
        one, zero = np.ones(1), np.zeros(1)
        as_it_is = LinearHead(Scaler(zero, one), one[:, None], zero, np.full(1, np.nan))
        return WeakLabels(labels, model=self._model(as_it_is, lesson.task))


class Property(Number):
    """One of RDKit's descriptors, calibrated; computed once for the molecules of a dataset."""

    def __init__(self, descriptor: str) -> None:
        check_property(descriptor)
        super().__init__(PROPERTY, descriptor)
        self._descriptor = descriptor
        self._known: dict[tuple[str, ...], Array] = {}

    def prepare(self, smiles: Sequence[str], progress: Progress = silent) -> Sequence[str]:
        """Compute it; where it is no finite number this says nothing, which is no fault."""
        self._of(tuple(smiles), progress)
        return [""] * len(smiles)

    def values(self, examples: Examples) -> Array:
        """Return what is computed."""
        return self._of(tuple(examples.smiles), silent)

    def _of(self, smiles: tuple[str, ...], progress: Progress) -> Array:
        if smiles not in self._known:
            made_of = [self._descriptor, versions("rdkit"), smiles]
            entry = kept.Entry("properties", files.sha256_json(made_of))
            folder = kept.kept(entry, lambda: self._computed(smiles, progress), _save, progress)
            self._known[smiles] = np.load(folder / _FILE)
        return self._known[smiles]

    def _computed(self, smiles: tuple[str, ...], progress: Progress) -> Array:
        values = np.empty(len(smiles))
        for place, value in enumerate(property_values(self._descriptor, smiles)):
            values[place] = value
            if place % _REPORT_EVERY == 0:
                progress(f"computing {self.name}", place, len(smiles))
        progress(f"computing {self.name}", len(smiles), len(smiles))
        return values


def _save(values: Array, folder: Path) -> None:
    np.save(folder / _FILE, values)
