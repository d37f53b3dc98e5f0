"""A run's predictions read again: with each molecule's label, SMILES and part of the split.

Of a run of texts these stand in a column of their own, and nothing is called SMILES.

Runs up to 0.3 have all of it in one table, one row a supervisor and molecule; later ones have
molecules once, and predictions by their row numbers.
"""

from __future__ import annotations

import pandas as pd

from w2s_mol.errors import InputError
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.texts import Texts
from w2s_mol.runs import FinishedRun

MOLECULES = "molecules"
PREDICTIONS = "predictions"
USES = "uses"
NUMBERS = ("weak_prediction", "w2s_prediction", "ceiling_prediction")

PREDICTION = "_prediction"
"""How the columns end that hold predictions, by use."""

PART = "part "
"""How the columns of molecules begin that say in which part of a split a molecule is."""


APART = "apart "
"""How the column of molecules begins that says whose errors are told apart; null: not said."""


def item_column(molecules: pd.DataFrame) -> str:
    """Return the column of a run's table of molecules, or of its predictions, that holds items."""
    return Texts.column if Texts.column in molecules else Molecules.column


def read_predictions(run: FinishedRun) -> pd.DataFrame:
    """Return a run's predictions with each molecule's label, SMILES and part of the split.

    Raises
    ------
    InputError
        If a table is missing or damaged, or they do not belong together.
    """
    predictions = run.table(PREDICTIONS)
    if "truth" in predictions:  # a run of 0.3 or older
        return predictions
    return with_molecules(predictions, run.table(MOLECULES))


def with_molecules(predictions: pd.DataFrame, molecules: pd.DataFrame) -> pd.DataFrame:
    """Return predictions, each with what is known of its molecule.

    Raises
    ------
    InputError
        If a molecule is not among them.
    """
    found, item = [], item_column(molecules)
    by_split = predictions.groupby(["dataset", "split"], sort=False, observed=True)
    for (dataset, split), rows in by_split:
        known = molecules[molecules["dataset"] == dataset]
        part = f"{PART}{split}"
        places = pd.Index(known["row"]).get_indexer(pd.Index(rows["row"]))
        if part not in known or (places < 0).any():
            raise InputError(
                f"the predictions of {dataset}, split {split}, are of molecules that are not in "
                "the run's table of them. Remove the folder and run the study again."
            )
        found.append(
            rows.assign(
                part=known[part].astype(str).array.take(places),
                line=known["line"].to_numpy()[places],
                **{item: known[item].array.take(places)},
                truth=known["truth"].to_numpy()[places],
            )
        )
    return pd.concat(found, ignore_index=True)
