"""All that is seen of one supervisor's molecules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from w2s_mol.advice.predictions import Predictions
from w2s_mol.inspection import groups
from w2s_mol.inspection.chosen import Chosen
from w2s_mol.inspection.molecules import molecules_of
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.texts import Texts
from w2s_mol.study.prediction_tables import item_column

_Groups = dict[str, dict[str, list[int]]]


@dataclass(frozen=True)
class Inspected:
    """What is seen.

    Attributes
    ----------
    chosen
        The study, the supervisor and the use.
    molecules
        As ``molecules_of`` returns them.
    gains
        By what molecules are grouped by, as ``groups.gains`` returns them.
    """

    chosen: Chosen
    molecules: pd.DataFrame
    gains: dict[str, pd.DataFrame]


def tested(chosen: Chosen, predictions: Predictions) -> pd.DataFrame:
    """Return the predictions of the test molecules that are looked at."""
    keys = chosen.errors.keys
    rows = predictions.on_test(keys, chosen.family, chosen.weak)
    return rows[rows["labels"] == str(keys["labels"])]


def inspect_molecules(chosen: Chosen, predictions: Predictions) -> Inspected:
    """Look at every test molecule of a study under one supervisor.

    Parameters
    ----------
    chosen
        What is looked at.
    predictions
        Of its run.
    """
    rows = tested(chosen, predictions)
    molecules = molecules_of(rows, chosen.errors.task)
    grouped = _GROUPED[item_column(molecules)](chosen, predictions, rows, molecules)
    gain = molecules["gain"].to_numpy(float)
    everything = {"all": list(range(len(molecules)))}
    tables = {what: groups.gains(gain, everything | found) for what, found in grouped.items()}
    return Inspected(chosen, molecules, tables)


def _molecules_grouped(
    chosen: Chosen, predictions: Predictions, rows: pd.DataFrame, molecules: pd.DataFrame
) -> _Groups:
    mols = groups.read(molecules[Molecules.column].tolist())
    place_of = {int(row): place for place, row in enumerate(molecules["row"])}
    tests = {
        str(split): [place_of[int(row)] for row in found["row"] if int(row) in place_of]
        for split, found in rows.groupby("split", sort=False)
    }
    dataset = str(chosen.errors.keys["dataset"])
    learnt = {
        split: groups.read(predictions.trained_on(dataset, split)[Molecules.column].tolist())
        for split in tests
    }
    similar = groups.nearest_similarity(tests, learnt, mols)
    return {
        "scaffold": groups.by_frequency(groups.scaffolds(mols)),
        "heavy atoms": groups.by_quantile(groups.heavy_atoms(mols), decimals=0),
        "similarity to the nearest learnt": groups.by_quantile(similar, decimals=2),
    }


def _texts_grouped(
    _chosen: Chosen, _predictions: Predictions, _rows: pd.DataFrame, molecules: pd.DataFrame
) -> _Groups:
    texts = molecules[Texts.column].tolist()
    lengths = {
        "words": [len(text.split()) for text in texts],
        "characters": [len(text) for text in texts],
    }
    return {
        what: groups.by_quantile(np.array(numbers, dtype=float), decimals=0)
        for what, numbers in lengths.items()
    }


_GROUPED = {Molecules.column: _molecules_grouped, Texts.column: _texts_grouped}
"""By the column of items: what these are grouped by, and the positions of each group."""
