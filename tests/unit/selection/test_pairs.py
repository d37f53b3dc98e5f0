import pandas as pd
import pytest
from crafted_study import crafted

from w2s_mol.selection.pairs import best_pairs
from w2s_mol.selection.rendering import rendered_pairs


def results(strong: str, seed: int, **given) -> pd.DataFrame:
    keys = {"strong": strong, "strong_sha256": f"{strong}-content"}
    return crafted(seed=seed, **given, keys=keys).tables()[0]


SPLITS = {"0": (range(30), range(30, 45), range(45, 60))}


def test_the_pair_with_the_smallest_true_error_on_validation_is_the_pick() -> None:
    one, two = (results(name, seed, splits=SPLITS) for seed, name in enumerate(("ecfp", "bert")))
    [pairs] = best_pairs(pd.concat([one, two], ignore_index=True))
    for strong, of_student in (("ecfp", one), ("bert", two)):
        valid = of_student[of_student["eval_split"] == "valid"].set_index("weak")["w2s_error"]
        [row] = pairs.table[pairs.table["strong"] == strong].to_dict(orient="records")
        assert (row["weak"], row["seen_mean"]) == (valid.idxmin(), pytest.approx(valid.min()))
    assert pairs.table["seen_mean"].is_monotonic_increasing
    assert pairs.table["picked"].tolist() == [True, False]
    rendered = rendered_pairs(pairs)
    assert rendered.rows[0][0] == pairs.table["strong"].iloc[0]
    assert "true labels of the validation molecules" in rendered.note


def test_one_student_is_no_choice_and_a_control_is_no_student() -> None:
    alone = results("ecfp", 0, splits=SPLITS)
    control = results("self", 1, splits=SPLITS)
    assert best_pairs(alone) == []
    assert best_pairs(pd.concat([alone, control], ignore_index=True)) == []


def test_students_that_were_measured_on_other_splits_are_not_compared() -> None:
    other = {"0": (range(15, 45), range(15), range(45, 60))}
    both = [results("ecfp", 0, splits=SPLITS), results("bert", 1, splits=other)]
    assert best_pairs(pd.concat(both, ignore_index=True)) == []
