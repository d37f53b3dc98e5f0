"""The two pictures of one supervisor's molecules where labels are classes."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.advice.errors import ALL_USES, UseErrors
from w2s_mol.inspection.chosen import Chosen
from w2s_mol.inspection.pictures import calibration, predicted_against_true
from w2s_mol.tasks.registry import BINARY

WORDS = ("mu$t", "mu$t not")


def chosen() -> Chosen:
    results, _ = crafted().tables()
    keys = {name: results[name].iloc[0] for name in ("dataset", "strong")}
    nothing = pd.DataFrame()
    errors = UseErrors(keys, BINARY, "", 30.0, 2, nothing, nothing, {})
    return Chosen(errors, "0123", "shipped", "weak-h8-s0", "delta", WORDS)


@pytest.fixture
def molecules() -> pd.DataFrame:
    """Return 40 molecules, of which a supervisor knows the share of each tenth to a half."""
    weak = np.repeat(np.arange(0.05, 1, 0.1), 4)
    truth = np.tile([0.0, 1, 1, 1], 10)
    return pd.DataFrame({"truth": truth, **dict.fromkeys(ALL_USES, weak)})


def test_a_curve_for_each_class_is_the_share_of_it_in_each_tenth(molecules: pd.DataFrame) -> None:
    picture = predicted_against_true(chosen(), molecules)
    panels = picture.figure.axes
    assert [panel.get_title(loc="left") for panel in panels] == [
        "supervisor as it is", "student", "delta", "direct",
    ]  # fmt: skip
    for panel in panels:
        zero, one = panel.patches
        for outline in (zero, one):
            heights = outline.get_xy()[:, 1]
            assert heights.max() == pytest.approx(0.1)
        assert panel.get_xlabel() == r"predicted probability of mu\$t not"
    legend = [text.get_text() for text in picture.figure.legends[0].get_texts()]
    assert legend == [r"mu\$t, 10 molecules", r"mu\$t not, 30 molecules"]


def test_calibration_is_the_share_of_the_class_beside_its_probability(
    molecules: pd.DataFrame,
) -> None:
    picture = calibration(chosen(), molecules)
    [panel] = picture.figure.axes
    line, curve = panel.lines
    np.testing.assert_array_equal(line.get_xdata(), [0, 1])
    np.testing.assert_allclose(curve.get_xdata(), np.arange(0.05, 1, 0.1))
    np.testing.assert_allclose(curve.get_ydata(), 0.75)
    assert panel.get_ylabel() == r"share of mu\$t not"
    assert "share of mu$t not in each tenth" in picture.caption


@pytest.mark.parametrize("draw", [predicted_against_true, calibration])
def test_a_supervisor_that_says_one_thing_of_all_is_drawn(
    draw: Callable, molecules: pd.DataFrame
) -> None:
    molecules = molecules.assign(weak=1 - 1e-6, w2s=np.nan)
    assert draw(chosen(), molecules).figure.axes
    one_class = molecules.assign(truth=1.0)
    assert draw(replace(chosen(), classes=("0", "1")), one_class).figure.axes
