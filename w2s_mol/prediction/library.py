"""A run's models, and what they say of a block of molecules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.own_settings import OwnTable
from w2s_mol.embeddings.finding import Finder
from w2s_mol.embeddings.likeness import FARTHER_THAN
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array
from w2s_mol.items.contract import Items
from w2s_mol.items.registry import items_of
from w2s_mol.molecules.limits import MAX_ATOMS
from w2s_mol.prediction.choosing import RECOMMENDED, Choice, choose, models_of, validated
from w2s_mol.prediction.distances import MOST, Percentiles, percentiles_among
from w2s_mol.prediction.intervals import half_width
from w2s_mol.prediction.predictor import Predictor
from w2s_mol.prediction.reach import reach_of
from w2s_mol.progress import Progress, silent
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.streams import stream
from w2s_mol.study.kept_models import KeptModels
from w2s_mol.study.prediction_tables import MOLECULES, PART, item_column


@dataclass(frozen=True)
class Block:
    """Predictions of ``n`` molecules, in the order of their table.

    Attributes
    ----------
    smiles
        As the table has them.
    predictions
        Means over the splits' models, shape (n,), in label units or probabilities of the class 1;
        NaN where there is none.
    spreads
        Standard deviations over them (n - 1), shape (n,); NaN for one split.
    half_width
        How far from the prediction the label may be; see ``intervals.half_width``.
    distances
        How far each is from the nearest training molecule, in percent of the training molecules
        that are no farther from each other; NaN where that is not known.
    unlike
        Whether it is farther than ``likeness.FARTHER_THAN`` percent of them, or a number that is
        read of it is far from theirs (``predictor.FAR``).
    reasons
        Why there is no prediction, or an empty text.
    """

    smiles: Sequence[str]
    predictions: Array
    spreads: Array
    half_width: float
    distances: Array
    unlike: NDArray[np.bool_]
    reasons: list[str]

    def __len__(self) -> int:
        return len(self.smiles)


class LibraryPredictor:
    """Models of a finished run, opened.

    Attributes
    ----------
    choice
        Whose they are.
    half_width
        How far from a prediction labels may be, in their unit.
    columns
        Those that a library must have beside its items.
    addresses
        What the encoders that read them are called.
    items
        What these are.
    study
        The run's id.
    """

    def __init__(self, run: FinishedRun, choice: Choice, finder: Finder) -> None:
        self.choice, self.items = choice, finder.items
        self.study = str(run.manifest["study"])
        students = models_of(choice.students)
        supervisors = models_of(choice.supervisors) if choice.reads_weak else []
        self._predictor = Predictor(students, supervisors, finder)
        self.columns, self.addresses = self._predictor.columns, self._predictor.addresses
        self._validated = validated(run, choice)
        self.half_width = half_width([kept.misses for kept in choice.kept], self._validated)
        self._training = _training(run, choice)
        self._percentiles = self._near() if self._predictor.read_by_encoder else None

    @property
    def promise(self) -> str:
        """Say what the intervals, or the sets of classes, are worth."""
        reach = reach_of(self.choice.classes)
        return reach.promise(self.half_width, self._validated, self.items.name)

    def _near(self) -> Percentiles | None:
        return percentiles_among(self._predictor.features(Examples(self._training)))

    def predict(self, examples: Examples, progress: Progress = silent) -> Block:
        """Predict labels of some molecules."""
        with rdBase.BlockLogs():  # reasons say it, in a line and not in five
            said = self._predictor.predict(examples, progress)
        several = said.predictions.shape[1] > 1
        near = self._percentiles
        distances = near.of(said.features) if near else np.full(len(examples), np.nan)
        return Block(
            examples.smiles,
            said.predictions.mean(axis=1),
            said.predictions.std(axis=1, ddof=1) if several else np.full(len(examples), np.nan),
            self.half_width,
            distances,
            (distances > FARTHER_THAN) | said.far,
            said.reasons,
        )


def open_predictor(
    run: FinishedRun,
    *,
    dataset: str | None = None,
    weak: str = RECOMMENDED,
    strong: str | None = None,
    use: str = RECOMMENDED,
    labels: str | None = None,
    finder: Finder | None = None,
) -> LibraryPredictor:
    """Open the models of a run.

    Parameters
    ----------
    run
        A study that kept its models; ``the_run`` finds it.
    dataset, weak, strong, use, labels
        As in ``choose``.
    finder
        How encoders are found.

    Raises
    ------
    InputError
        If the run keeps no such models, they are damaged, or an encoder has another content now.
    """
    choice = choose(run, KeptModels(run), dataset, weak, strong, use, labels)
    return LibraryPredictor(run, choice, finder or Finder(items=items_of_run(run)))


def items_of_run(run: FinishedRun) -> Items:
    """Return what the items of a run are, and the most atoms that its settings let in."""
    config = run.manifest.get("config", {})
    return items_of(config.get("text_column"), int(config.get("max_atoms", MAX_ATOMS)))


def library_column(run: FinishedRun, smiles_column: str, text_column: str | None) -> str:
    """Return the column of a library that holds the items of a run.

    Parameters
    ----------
    run
        Whose models predict.
    smiles_column, text_column
        What is said of the library; texts are by default in a column called as the run's.

    Raises
    ------
    InputError
        If the column of the other kind of items is given.
    """
    learnt = run.manifest.get("config", {}).get("text_column")
    own = OwnTable(smiles_column, text_column=text_column)
    if learnt is None and text_column is not None:
        raise InputError(
            f"{run.folder} learnt from molecules, and a column of texts ({text_column!r}) is "
            "given. Name the column of the SMILES with --smiles-column."
        )
    if learnt is not None and "smiles_column" in own.given():
        raise InputError(
            f"{run.folder} learnt from texts, and a column of SMILES ({smiles_column!r}) is given. "
            "Name the column of the texts with --text-column."
        )
    return learnt if learnt is not None and text_column is None else own.item_column


def the_run(folder: Path) -> FinishedRun:
    """Return the one finished run that a folder is or holds.

    Raises
    ------
    InputError
        If it holds none or several, or one that is damaged or no study.
    """
    runs = find_runs([folder])
    if len(runs) > 1:
        inside = ", ".join(str(run.folder) for run in runs[:5])
        raise InputError(f"{folder} holds {len(runs)} runs ({inside}). Give the folder of one.")
    if runs[0].kind != "study":
        raise InputError(
            f"{folder} is no study of molecules but {runs[0].kind}. Give one's folder."
        )
    return runs[0]


def _training(run: FinishedRun, choice: Choice) -> list[str]:
    """Return training molecules of the first split, some of them where there are many."""
    molecules = run.table(MOLECULES)
    part = molecules[f"{PART}{choice.kept[0].split}"].astype(str)
    here = (molecules["dataset"] == choice.keys["dataset"]) & part.str.startswith("train")
    smiles = molecules[item_column(molecules)][here].to_list()
    drawn = np.sort(stream(0, "known molecules").permutation(len(smiles))[:MOST])
    return [smiles[place] for place in drawn]
