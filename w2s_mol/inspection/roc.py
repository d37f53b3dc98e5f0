"""ROC curves of one supervisor's molecules: how well each model tells two classes apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from w2s_mol.advice.errors import words as use_words
from w2s_mol.figures import style
from w2s_mol.figures.style import INK, SOFT, Picture, house_style, new_figure, plain
from w2s_mol.inspection.chosen import Chosen
from w2s_mol.study.class_words import spoken
from w2s_mol.uses.registry import CEILING, DIRECT, STUDENT, WEAK

_LINES = {
    WEAK: (style.WEAK, "-"),
    STUDENT.name: (style.STRONG, "-"),
    DIRECT: (INK, ":"),
    CEILING.name: (style.CEILING, "--"),
}
_OTHER = (style.SEEDS[2], "-.")
Array = NDArray[np.float64]


def roc_curves(chosen: Chosen, molecules: pd.DataFrame) -> Picture | None:
    """Draw the curves of supervisor, student, the use that is looked at, direct and ceiling.

    Nothing where labels are no classes, or the molecules are of one class.
    """
    if chosen.classes is None or molecules["truth"].nunique() < 2:
        return None
    one = spoken(chosen.classes, 1)
    uses = list(dict.fromkeys((WEAK, STUDENT.name, chosen.use, DIRECT, CEILING.name)))
    with house_style():
        figure, [axes] = new_figure(size=(5.2, 4.4))
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":")
        for use in uses:
            known = molecules[["truth", use]].dropna()
            if known["truth"].nunique() < 2:
                continue
            wrong, right = roc(known["truth"].to_numpy(float), known[use].to_numpy(float))
            colour, line = _LINES.get(use, _OTHER)
            area = float((np.diff(wrong) * (right[1:] + right[:-1]) / 2).sum())
            name = plain(f"{use_words(use)}, area {area:.3f}")
            axes.plot(wrong, right, color=colour, linestyle=line, linewidth=1.6, label=name)
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.set_xlabel(f"share of the others called {plain(one)}")
        axes.set_ylabel(f"share of {plain(one)} called so")
        axes.legend(loc="lower right")
    return Picture(
        "roc",
        f"ROC curves of {one} on test, supervisor {chosen.weak}: a curve for each model, the mean "
        "of its predictions over the splits that test a molecule. Areas are of these curves; the "
        "ROC-AUCs of the tables are means over splits.",
        figure,
        (chosen.study,),
    )


def roc(truth: Array, score: Array) -> tuple[Array, Array]:
    """Return the shares of 0 and of 1 that score at least as much as each score, most first.

    Molecules of the same score come together: the curve cuts their corner.

    Examples
    --------
    >>> wrong, right = roc(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.4, 0.4]))
    >>> wrong.tolist(), right.tolist()
    ([0.0, 0.0, 1.0], [0.0, 0.5, 1.0])
    """
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    ones = np.cumsum(truth[order] == 1)[last]
    zeros = last + 1 - ones
    return np.append(0.0, zeros / zeros[-1]), np.append(0.0, ones / ones[-1])
