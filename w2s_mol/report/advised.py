"""What is advised from a run, in blocks: the uses of supervisors, budgets, molecules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from w2s_mol.advice.predictions import Predictions, keeps_predictions
from w2s_mol.advice.report import advised
from w2s_mol.advice.wording import rendered_budgets, rendered_uses, sentence
from w2s_mol.figures.style import slug_of
from w2s_mol.inspection.chosen import Chosen, of_choice
from w2s_mol.inspection.inspected import tested
from w2s_mol.inspection.molecules import molecules_of
from w2s_mol.inspection.pictures import predicted_against_true
from w2s_mol.inspection.roc import roc_curves
from w2s_mol.report import tables
from w2s_mol.report.blocks import Block, Drawing
from w2s_mol.report.looking import molecules
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import in_short
from w2s_mol.study.class_words import class_words
from w2s_mol.study.groups import key_of
from w2s_mol.uses.registry import WEAK

_MOLECULES = 6


@dataclass(frozen=True)
class Advised:
    """Of one study.

    Attributes
    ----------
    sentence
        What to do; empty where nothing is advised.
    pictures
        Predictions of the recommended supervisor's molecules, and of classes its ROC curves.
    uses
        Every use of its supervisors, and errors against numbers of labels where there are several.
    molecules
        Those that the student of the recommended supervisor mends and breaks.
    """

    sentence: str = ""
    pictures: list[Block] = field(default_factory=list)
    uses: list[Block] = field(default_factory=list)
    molecules: list[Block] = field(default_factory=list)


def advice_on(run: FinishedRun, replicates: int, seed: int) -> dict[tuple[str, ...], Advised]:
    """Return what is advised on each study of a run, by ``key_of`` its keys.

    Nothing for null controls and runs of before 0.4.
    """
    found: dict[tuple[str, ...], Advised] = {}
    of_run = advised([run], replicates, seed)
    if not of_run:
        return found
    predictions = Predictions(run) if keeps_predictions(run) else None
    for advice in of_run:
        budgets = (
            [tables.of_rendering(rendered_budgets(advice.group, advice.ranking), run.id)]
            if len(advice.group) > 1
            else []
        )
        for choice in advice.choices:
            dataset = str(choice.errors.keys["dataset"])
            chosen = replace(of_choice(choice), classes=class_words(run, dataset))
            shown: list[Block] = []
            drawn: list[Block] = []
            if predictions:
                seen = molecules_of(tested(chosen, predictions), choice.errors.task)
                shown = molecules(chosen, seen, _MOLECULES)
                drawn = _drawn(chosen, seen)
            found[key_of(choice.errors.keys)] = Advised(
                sentence(choice),
                drawn,
                [tables.of_rendering(rendered_uses(choice.errors), run.id), *budgets],
                shown,
            )
            budgets = []  # once, beside the study of the fewest labels
    return found


def _drawn(chosen: Chosen, seen: pd.DataFrame) -> list[Block]:
    """Return the pictures of a study's molecules, under names that no other study has."""
    if not np.isfinite(seen[["truth", WEAK, chosen.use]].to_numpy(float)).any():
        return []
    slug = slug_of(f"{in_short(chosen.errors.keys)}-{chosen.study[:8]}")
    made = (roc_curves(chosen, seen), predicted_against_true(chosen, seen))
    return [
        Drawing(replace(picture, name=f"{picture.name}-{slug}"), wide=picture.name != "roc")
        for picture in made
        if picture is not None
    ]
