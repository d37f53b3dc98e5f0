"""The page of one supervisor, of a real study of two numbers of labels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.advice.choice import choices
from w2s_mol.advice.errors import use_errors
from w2s_mol.errors import InputError
from w2s_mol.inspection.chosen import Wanted, choose, predictions_of
from w2s_mol.inspection.inspected import inspect_molecules
from w2s_mol.inspection.pictures import calibration_curve
from w2s_mol.report.blocks import Gallery, Table
from w2s_mol.report.looking import build_page
from w2s_mol.report.render import write_report
from w2s_mol.runs import FinishedRun


def test_by_default_the_first_study_and_what_is_recommended_is_looked_at(
    run_of_labels: FinishedRun,
) -> None:
    first = next(iter(use_errors(run_of_labels.table("results"))))
    [recommended] = choices([first], None)
    found = choose([run_of_labels], Wanted())
    assert found.errors.keys == first.keys
    assert (found.weak, found.use) == (recommended.weak, recommended.recommended)


def test_what_is_wanted_is_looked_at(run_of_labels: FinishedRun) -> None:
    wanted = Wanted("own", "ecfp", "140", "shipped/weak-h8-s0", "stack")
    found = choose([run_of_labels], wanted)
    assert (found.errors.keys["labels"], found.weak, found.use) == ("140", "weak-h8-s0", "stack")
    assert choose([run_of_labels], Wanted(weak="weak-h32-s0")).weak == "weak-h32-s0"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted(dataset="esol"), "unknown dataset 'esol'"),
        (Wanted(labels="61"), "unknown labels '61'. Did you mean '60'.*140, 60"),
        (Wanted(weak="weak-h8"), "unknown supervisor 'weak-h8'. Did you mean 'weak-h8-s0'"),
        (Wanted(use="stak"), "unknown use 'stak'. Did you mean 'stack'"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    run_of_labels: FinishedRun, wanted: Wanted, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        choose([run_of_labels], wanted)


def test_results_without_predictions_are_refused(run_of_labels: FinishedRun) -> None:
    with pytest.raises(InputError, match="whole folder"):
        predictions_of(choose([run_of_labels], Wanted()), [])


def test_gains_are_those_of_the_results(run_of_labels: FinishedRun) -> None:
    chosen = choose([run_of_labels], Wanted(labels="60", weak="weak-h8-s0"))
    found = inspect_molecules(chosen, predictions_of(chosen, [run_of_labels]))
    rows = run_of_labels.table("results").query(
        "labels == '60' and weak == 'weak-h8-s0' and eval_split == 'test'"
    )
    molecules = found.molecules
    total = (molecules["gain"] * molecules["n_splits"]).sum()
    assert total == pytest.approx((rows["gain"] * rows["n"]).sum())
    for table in found.gains.values():
        assert table["group"][0] == "all"
        assert table["n"][0] == len(molecules)
        assert table["gain"][0] == pytest.approx(molecules["gain"].mean())
    assert found.gains["heavy atoms"]["n"][1:].sum() == len(molecules)


@pytest.mark.slow
def test_a_page_is_the_same_bytes_again_and_shows_the_molecules(
    run_of_labels: FinishedRun, tmp_path: Path
) -> None:
    for name in ("one.html", "two.html"):
        page = build_page([run_of_labels], Wanted(weak="weak-h8-s0"), most=2)
        write_report(page, tmp_path / name, "html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()
    blocks = [block for section in page.sections for block in section.blocks]
    galleries = [block for block in blocks if isinstance(block, Gallery)]
    assert [len(block.cards) for block in galleries] == [2, 2]
    for block, sign in zip(galleries, (1, -1), strict=True):
        saved = [float(dict(card.facts)["saved"]) for card in block.cards]
        assert all(sign * value > 0 for value in saved)
        assert all(card.svg for card in block.cards)
    titles = [block.title for block in blocks if isinstance(block, Table)]
    assert titles[:2] == ["Gain by scaffold", "Gain by heavy atoms"]


def test_the_calibration_curve_is_of_tenths_by_weak_label() -> None:
    weak = np.arange(20.0)[::-1]
    curve = calibration_curve(pd.DataFrame({"weak": weak, "truth": 2 * weak}))
    assert curve["weak"].tolist() == [0.5 + 2 * tenth for tenth in range(10)]
    assert curve["truth"].tolist() == [1.0 + 4 * tenth for tenth in range(10)]
    level = calibration_curve(pd.DataFrame({"weak": [1.0] * 4, "truth": [1.0, 2, 3, 4]}))
    assert level.to_numpy().tolist() == [[1.0, 2.5]]
