import csv
import io

import hypothesis
import numpy as np
import pytest
from crafted_study import Crafted
from hypothesis import given
from hypothesis import strategies as st

from w2s_mol.selection.tables import selections
from w2s_mol.study.summary import marks, summary
from w2s_mol.tasks.contract import Ratio, Term

WEAK = Term("weak_error", "weak error", "of the supervisor", lambda p: p.weak)
CEILING = Term("ceiling_error", "ceiling error", "of the ceiling", lambda p: p.ceiling)
SHARE = Ratio("share", "share", "ceiling error / weak error",
              lambda means: means["ceiling_error"] / means["weak_error"])  # fmt: skip
QUANTITIES = (WEAK, CEILING, SHARE)


def row(weak: str, weak_error: float, ceiling_error: object = 0.5, **other: str) -> dict[str, str]:
    shared = {"dataset": "esol", "unit": "log10", "strong": "ecfp", "family": "shipped"}
    return {**shared, "weak": weak, "weak_error": repr(weak_error),
            "ceiling_error": str(ceiling_error), **other}  # fmt: skip


def test_a_line_is_the_mean_over_splits_of_a_supervisor_and_student() -> None:
    rows = [
        row("b", 0.1),
        row("a", 1.0, labels="all"),
        row("b", 0.2),
        row("b", 0.4),
        row("a", 2.5),
        row("a", 3.0, strong="self"),
        row("a", 4.0, family="other"),
        row("a", 5.0, dataset="lipop"),
        row("a", 6.0, labels="50"),
    ]
    found = summary(rows, QUANTITIES)
    assert [tuple(line.values())[:6] for line in found] == [
        ("esol", "log10", "ecfp", "all", "shipped", "b"),
        ("esol", "log10", "ecfp", "all", "shipped", "a"),
        ("esol", "log10", "self", "all", "shipped", "a"),
        ("esol", "log10", "ecfp", "all", "other", "a"),
        ("lipop", "log10", "ecfp", "all", "shipped", "a"),
        ("esol", "log10", "ecfp", "50", "shipped", "a"),
    ]
    assert [line["weak_error"] for line in found] == [
        pytest.approx(np.mean([0.1, 0.2, 0.4])),
        1.75,
        3.0,
        4.0,
        5.0,
        6.0,
    ]
    assert list(found[0]) == ["dataset", "unit", "strong", "labels", "family", "weak", "weak_error",
        "ceiling_error", "share"]  # fmt: skip


@pytest.mark.parametrize("undefined", ["", "nan"])
def test_a_quantity_that_is_undefined_on_a_split_has_no_mean(undefined: str) -> None:
    """A mean over the others would be compared with means over all."""
    [line] = summary([row("a", 1.0), row("a", 3.0, undefined)], QUANTITIES)
    assert line["weak_error"] == 2.0
    assert line["ceiling_error"] is None
    assert line["share"] is None


def test_a_ratio_is_that_of_the_means() -> None:
    """That of the split with the least below the line would rule a mean of ratios."""
    [line] = summary([row("a", 0.001, 1.0), row("a", 1.999, 1.0)], QUANTITIES)
    assert line["share"] == pytest.approx(1.0)


def test_what_is_not_finite_stays_so() -> None:
    [line] = summary([row("a", 1.0), row("a", float("inf"))], QUANTITIES)
    assert line["weak_error"] == float("inf")


def test_no_rows_are_no_lines() -> None:
    assert summary([], QUANTITIES) == []


def test_rows_of_results_csv_are_read_as_they_stand() -> None:
    header = "dataset,unit,strong,family,weak,weak_error,ceiling_error"
    text = f"{header}\nown,,ecfp,f,a,0.30000000000000004,\n"
    [line] = summary(csv.DictReader(io.StringIO(text)), QUANTITIES)
    assert line["unit"] == ""
    assert line["weak_error"] == 0.1 + 0.2
    assert line["ceiling_error"] is None


def seen(weak: str, sha256: str, bound: float, error: float, split: str = "0") -> list[dict]:
    """A supervisor on both parts of a split."""
    shared = {"weak_sha256": sha256, "split_sha256": split}
    return [
        row(weak, 1.0, **shared, eval_split="valid", bound=repr(bound), w2s_error="nan"),
        row(weak, 1.0, **shared, eval_split="test", bound="0.0", w2s_error=repr(error)),
    ]


def test_the_pick_has_the_least_bound_and_the_oracle_the_least_error_on_test() -> None:
    rows = [*seen("a", "1", 0.1, 0.5), *seen("b", "2", 0.2, 0.3), *seen("c", "3", 0.3, 0.4)]
    assert {case[-1]: mark for case, mark in marks(rows).items()} == {"a": "pick", "b": "oracle"}
    both = [*seen("a", "1", 0.1, 0.2), *seen("b", "2", 0.2, 0.3)]
    assert {case[-1]: mark for case, mark in marks(both).items()} == {"a": "pick + oracle"}


def test_who_is_not_finite_is_no_pick_and_equal_splits_count_once() -> None:
    rows = [*seen("a", "1", float("-inf"), 0.1), *seen("b", "2", 0.2, 0.3)]
    assert {case[-1]: mark for case, mark in marks(rows).items()} == {"b": "pick + oracle"}
    of_a = [
        *seen("a", "1", 0.0, 1.0),
        *seen("a", "1", 0.9, 1.0, "1"),
        *seen("a", "1", 0.9, 1.0, "1"),
    ]
    twice = [*of_a, *seen("b", "2", 0.5, 1.1), *seen("b", "2", 0.5, 1.1, "1")]
    assert {case[-1]: mark for case, mark in marks(twice).items()} == {"a": "pick + oracle"}


@hypothesis.settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0, 3.0]), st.sampled_from([0.0, 1.0, 2.0]),
                          st.booleans()), min_size=1, max_size=6),
       st.integers(0, 99))  # fmt: skip
def test_run_marks_the_supervisors_that_select_marks(
    shifts: list[tuple[float, float, bool]], seed: int
) -> None:
    """Also where supervisors tie, and where one is not finite on some molecule."""
    hypothesis.assume(not all(broken for *_, broken in shifts))
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=12)
    weak = np.array([truth + shift for shift, *_ in shifts])
    w2s = np.array([truth + shift for _, shift, _ in shifts])
    for place, (*_, broken) in enumerate(shifts):
        if broken:
            weak[place, :] = np.inf
    thirds = range(4), range(4, 8), range(8, 12)
    splits = {"a": thirds, "b": (thirds[0], thirds[2], thirds[1])}
    results, _ = Crafted(truth, weak, w2s, truth + 0.1, splits).tables()
    rows = list(csv.DictReader(io.StringIO(results.to_csv(index=False))))
    [selection] = selections(results, "valid")
    of_select = {
        str(name): said
        for name, said in zip(selection.table["weak"], selection.marks(), strict=True)
        if said and said != "not finite"
    }
    of_run = {key[-1]: said for key, said in marks(rows).items()}
    assert of_run == of_select
