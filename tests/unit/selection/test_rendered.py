"""What terminal, LaTeX and report show of a selection, byte for byte.

``tests/golden/selection.txt``: what report and LaTeX show was written before the three drew on one
rendering.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.cli import select
from w2s_mol.report import tables
from w2s_mol.selection.brief import brief_selectors, brief_table, scores_in_words
from w2s_mol.selection.rendering import in_short, rendered_table
from w2s_mol.selection.tables import selections
from w2s_mol.tasks.registry import BINARY

GOLDEN = Path(__file__).parents[2] / "golden" / "selection.txt"


def plain() -> pd.DataFrame:
    return crafted(k=3).tables()[0]


def two_families() -> pd.DataFrame:
    """Sizes repeat, one family needs escaping, and LaTeX must name the encoders."""
    families = ["shipped", "shipped", "my_own", "my_own"]
    return crafted(hidden=[8, 16, 8, 16], families=families).tables()[0]


def one_split_no_size_control() -> pd.DataFrame:
    made = crafted(k=2, split_sha256={"0": "same", "1": "same"}, keys={"shuffled_labels": True})
    return made.tables()[0].assign(hidden=pd.array([pd.NA] * 12, dtype="Int64"))


def not_finite() -> pd.DataFrame:
    results = crafted(k=3).tables()[0]
    best = results["weak"] == "weak-h8-s0"
    return results.assign(bound=results["bound"].mask(best, math.inf), unit=None)


def tiny() -> pd.DataFrame:
    columns = ["bound", "w2s_error", "weak_error", "gain", "misfit"]
    results = crafted(k=2).tables()[0]
    return results.assign(**{name: results[name] * 1e-14 for name in columns})


def test_a_study_is_called_by_its_task_where_that_is_no_regression() -> None:
    keys = {"dataset": "own", "strong": "ecfp", "labels": "60"}
    assert in_short(keys) == in_short({**keys, "task_kind": "regression"})
    assert in_short({**keys, "task_kind": "ranks"}) == "own (ranks), strong ecfp, 60 labels"


def test_a_study_is_called_by_how_its_students_were_taught_where_that_is_unusual() -> None:
    keys = {"dataset": "own", "strong": "ecfp", "labels": "all"}
    assert in_short({**keys, "teaching": "probabilities, cross-entropy"}) == in_short(keys)
    other = in_short({**keys, "teaching": "probabilities, reverse-kl"})
    assert other == "own, strong ecfp, taught probabilities, reverse-kl"


def test_a_study_is_called_by_its_heads_where_these_are_not_ridge() -> None:
    keys = {"dataset": "own", "strong": "ecfp", "labels": "60"}
    assert in_short(keys) == in_short({**keys, "head": "ridge"})
    assert in_short({**keys, "head": "mlp"}) == "own, strong ecfp, mlp heads, 60 labels"


CASES = (plain, two_families, one_split_no_size_control, not_finite, tiny)


def shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[str]:
    """Yield what each form shows of each case, under a headline of its own."""
    for case in CASES:
        (folder / case.__name__).mkdir()
        case().to_parquet(folder / case.__name__ / "results.parquet")
        for form in ("table", "latex"):
            part = "test" if case is tiny else "valid"
            arguments = [str(folder / case.__name__), "--format", form, "--selector-split", part]
            select.app(arguments, standalone_mode=False)
            yield f"== {case.__name__}: {form}, {part}\n{capsys.readouterr().out}"
        [found] = selections(case())
        table = tables.selection(found, "0123")
        rows = "\n".join(" | ".join(row) for row in [table.columns, *table.rows])
        bold = sorted(table.bold)
        yield f"== {case.__name__}: report\n{table.title} {bold}\n{rows}\n{table.note}\n"


def test_every_form_of_a_selection_keeps_its_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "".join(shown(tmp_path, capsys)) == GOLDEN.read_text(encoding="utf-8")


def test_the_pick_is_pointed_out_and_every_row_fills_its_columns() -> None:
    [found] = selections(not_finite())
    rendered = rendered_table(found)
    assert rendered.rows[rendered.pick or 0][-1].startswith("pick")
    for table in (rendered, brief_table(found), brief_selectors(found)):
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert max(table.numeric) < len(table.columns)


def many() -> pd.DataFrame:
    """A study of as many supervisors as are shipped."""
    results = crafted(k=24, hidden=[8, 12, 16, 24, 32, 48, 64, 96] * 3).tables()[0]
    names = dict(zip(dict.fromkeys(results["weak_sha256"]), range(24), strict=True))
    return results.assign(
        weak=[f"weak-h{h}-s{names[s] // 8}" for h, s in
              zip(results["hidden"], results["weak_sha256"], strict=True)]
    )  # fmt: skip


@pytest.mark.parametrize("width", ["80", "100", "140"])
@pytest.mark.parametrize("studies", [1, 2])
def test_a_study_of_24_supervisors_is_told_in_twenty_lines(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: str,
    studies: int,
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    pd.concat(
        [many().assign(dataset=name, dataset_sha256=name) for name in ("one", "two")[:studies]]
    ).to_parquet(tmp_path / "results.parquet")
    select.app([str(tmp_path)], standalone_mode=False)
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said)) <= int(width)
    assert len(said) <= 20 * studies + studies - 1
    assert sum("pick" in line.split() for line in said if "±" in line) == studies
    assert sum("oracle" in line.split() for line in said if "±" in line) == studies
    more = "more: --top 0, results.csv or 'w2s-mol report'."
    assert sum(more in line for line in said) == studies
    select.app([str(tmp_path), "--top", "0"], standalone_mode=False)
    everything = capsys.readouterr().out
    assert set(many()["weak"]) <= set(everything.split())


def test_scores_of_classes_are_a_line() -> None:
    [found] = selections(plain())
    assert scores_in_words(found) == ""  # numbers have none
    row = {"score": "roc_auc", "words": "ROC-AUC", "weak": 0.7, "w2s": 0.75, "direct": 0.8}
    scores = pd.DataFrame([{**row, "ceiling": 0.81, "no_gap": True}])
    said = scores_in_words(dataclasses.replace(found, task=BINARY, scores=scores))
    assert said.startswith(
        "ROC-AUC on test, mean: weak 0.700, student 0.750, direct 0.800, ceiling 0.810. "
        "No gap to recover by ROC-AUC: "
    )


@pytest.mark.parametrize(("value", "text"), [(0.001, "0.00"), (-1e-17, "-0.00"), (0.5, "0.50")])
def test_a_correlation_near_zero_has_no_exponent(value: float, text: str) -> None:
    [found] = selections(plain())
    scored = found.selectors.assign(spearman=value)
    rendered = brief_selectors(dataclasses.replace(found, selectors=scored))
    assert {row[4] for row in rendered.rows} == {text}


def test_whoever_was_chosen_on_validation_is_said_to_look_too_good_there() -> None:
    results = plain().replace({"weak": {"weak-h8-s0": "top:3"}})
    said = "top:3: chosen by this rule on these molecules, so that its weak error - misfit is too"
    [on_valid], [on_test] = (list(selections(results, part)) for part in ("valid", "test"))
    rendered = rendered_table(on_valid)
    assert said in rendered.note
    assert said in rendered.short_note
    assert said in brief_table(on_valid).note
    assert said not in rendered_table(on_test).note
