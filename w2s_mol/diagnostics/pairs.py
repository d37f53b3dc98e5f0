"""Every weak encoder beside every strong one on a dataset's molecules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.diagnostics.config import DiagnosticsConfig
from w2s_mol.diagnostics.scores import (
    intrinsic_dimension,
    linear_cka,
    shared_dimension,
    unlearnt_norm,
)
from w2s_mol.diagnostics.spectra import Spectrum, overlap
from w2s_mol.embeddings.encoded import Encoded
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.reader import EncodedReader, Reader, ReaderOfSeveral
from w2s_mol.embeddings.together import EncodedTogether
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import Matrix, Rows
from w2s_mol.students.contract import Student
from w2s_mol.students.registry import find_students
from w2s_mol.study.usable import Usable, usable
from w2s_mol.supervisors.combined import Concat
from w2s_mol.supervisors.contract import Supervisor
from w2s_mol.supervisors.registry import find_supervisors
from w2s_mol.threads import one_thread

NORM = "norm"
SCORES = (NORM, "d_w", "d_s", "d_sw", "cka")
"""The columns of scores, in the order of tables."""


@dataclass(frozen=True)
class Compared:
    """What is compared: a dataset of ``n`` molecules, and who has vectors of them.

    Attributes
    ----------
    molecules
        The dataset, and the rows of it that all encoders can represent.
    supervisors, students
        All of them have encoders.
    """

    molecules: Usable
    supervisors: Sequence[Supervisor]
    students: Sequence[Student]

    @property
    def rows(self) -> Rows:
        """Return the rows of the molecules that are compared."""
        return self.molecules.places

    def features(self, reader: Reader) -> Matrix:
        """Return the vectors of all molecules by one encoder, shape (n, d)."""
        return _encoded(reader).features(self.molecules.everything.smiles)


def prepared(config: DiagnosticsConfig, finder: Finder, *, one_pair: bool = False) -> Compared:
    """Load the dataset and embed its molecules with all encoders; what is kept is read.

    Parameters
    ----------
    config
        The dataset and the encoders.
    finder
        How these are found.
    one_pair
        Whether there may be one weak and one strong encoder only.

    Raises
    ------
    InputError
        If the dataset or an encoder cannot be used; for one pair, whose heat map is to be drawn,
        if there are several, or labels are classes.
    DownloadError
        If one cannot be fetched.
    """
    dataset = load_dataset(
        config.dataset,
        task=config.task,
        smiles_column=config.smiles_column,
        text_column=config.text_column,
        target_column=config.target_column,
        unit=config.unit,
        delimiter=config.delimiter,
        on_invalid=config.on_invalid,
        max_atoms=config.max_atoms,
        mirror=finder.mirror,
        offline=finder.offline,
        progress=finder.progress,
    )
    if one_pair:
        _refuse_classes(dataset)
    supervisors = find_supervisors(config.weak, finder)
    students = find_students(config.strong, supervisors, finder)
    if one_pair:
        _refuse_several(len(supervisors), len(students))
    readers: list[Reader] = [*supervisors, *students]
    for reader in readers:
        _encoded(reader)
    strict = config.on_invalid == "error"
    molecules = usable(dataset, readers, strict=strict, progress=finder.progress)
    return Compared(molecules, supervisors, students)


def pair_table(compared: Compared, ridge: float, tolerance: float) -> pd.DataFrame:
    """Return the scores of every pair, the smallest norm first; no label is used.

    Parameters
    ----------
    compared
        The molecules and encoders.
    ridge, tolerance
        As in ``scores``.

    Returns
    -------
    DataFrame
        Columns family, weak, hidden, strong, those in ``SCORES``, weak_sha256, strong_sha256.
    """
    rows = compared.rows
    found = []
    with one_thread():
        strong = [compared.features(student) for student in compared.students]
        of_strong = [Spectrum.fit(features, rows) for features in strong]
        for supervisor in compared.supervisors:
            weak = compared.features(supervisor)
            of_weak = Spectrum.fit(weak, rows)
            for student, features, spectrum in zip(
                compared.students, strong, of_strong, strict=True
            ):
                cosines = overlap(of_weak, weak, spectrum, features, rows)
                w, s = of_weak.shares, spectrum.shares
                d_w, d_s = intrinsic_dimension(w, tolerance), intrinsic_dimension(s, tolerance)
                found.append(
                    {
                        "family": supervisor.family,
                        "weak": supervisor.name,
                        "hidden": supervisor.hidden,
                        "strong": student.name,
                        NORM: unlearnt_norm(w, s, cosines, ridge),
                        "d_w": d_w,
                        "d_s": d_s,
                        "d_sw": shared_dimension(cosines, d_w, d_s),
                        "cka": linear_cka(w, s, cosines),
                        "weak_sha256": supervisor.sha256,
                        "strong_sha256": student.sha256,
                    }
                )
    table = pd.DataFrame(found).astype({"hidden": "Int64"})
    return table.sort_values([NORM, "weak_sha256"], kind="stable", ignore_index=True)


def _refuse_classes(dataset: Dataset) -> None:
    if dataset.classes is not None:
        raise InputError(
            f"labels of {dataset.name} are classes, and a heat map is of squared errors of "
            "numbers. Leave out --heat-map, or pass --task regression to take 0 and 1 as numbers."
        )


def _refuse_several(weak: int, strong: int) -> None:
    if (weak, strong) != (1, 1):
        raise InputError(
            f"a heat map is of one pair, and there are {weak} weak and {strong} strong encoders. "
            "Name one of each: --weak weak-h32-s0 --strong strong-h256-l6-s0."
        )


def _encoded(reader: Reader) -> Encoded | EncodedTogether:
    if not isinstance(reader, EncodedReader | ReaderOfSeveral | Concat):
        raise InputError(
            f"{reader.name} has no representation of its own to compare. Name encoders."
        )
    return reader.encoded
