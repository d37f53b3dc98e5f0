from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import run_study
from w2s_mol.diagnostics.penalties import PenaltyMap, penalty_map, split_of
from w2s_mol.errors import InputError
from w2s_mol.heads.penalties import PENALTIES

NAMES = {"weak": ("rdkit2d",), "strong": ("ecfp",)}


def map_of(compared: Callable, name: str | None = None) -> PenaltyMap:
    made = compared(**NAMES)
    split = split_of(made.molecules.kept, name, made.rows)
    weak, strong = (made.features(one) for one in (made.supervisors[0], made.students[0]))
    return penalty_map(weak, strong, made.molecules.everything.labels, split)


def test_the_chosen_pair_is_the_one_that_a_study_chooses(compared: Callable, table: Path) -> None:
    results = run_study(dataset=str(table), target_column="y", **NAMES).results
    test = results[results["eval_split"] == "test"].set_index("split")
    for name in ("0", "2"):
        found = map_of(compared, name)
        weak, strong, error = found.at(found.chosen)
        row = test.loc[name]
        assert (weak, strong) == (row["weak_penalty"], row["w2s_penalty"])
        assert error == pytest.approx(row["w2s_error"], rel=1e-9)


def test_the_oracle_is_the_least_error_on_test(compared: Callable) -> None:
    found = map_of(compared)
    assert found.errors.shape == (len(PENALTIES), len(PENALTIES))
    assert found.at(found.oracle)[2] == found.errors.min()
    np.testing.assert_array_equal(found.errors, map_of(compared, "0").errors)  # the first split


def test_at_infinite_penalties_the_student_says_the_mean(compared: Callable) -> None:
    """With both heads shrunk to nothing it predicts the mean of the training labels."""
    made = compared(**NAMES)
    split = split_of(made.molecules.kept, "0", made.rows)
    labels = made.molecules.everything.labels
    error = np.mean((labels[split.test] - labels[split.train].mean()) ** 2)
    assert map_of(compared, "0").errors[-1, -1] == pytest.approx(error, rel=1e-2)


def test_rows_are_strong_penalties_and_what_is_not_finite_is_no_oracle() -> None:
    errors = np.array([[3.0, np.nan], [1.0, 2.0]])
    found = PenaltyMap(np.array([0.1, 10.0]), errors, (0, 0))
    assert found.oracle == (1, 0)
    assert found.at(found.oracle) == (0.1, 10.0, 1.0)


def test_a_split_is_named_by_rows_of_the_whole_dataset(compared: Callable) -> None:
    kept = compared(**NAMES).molecules.kept
    places = np.arange(60) + 100
    split = split_of(kept, "1", places)
    np.testing.assert_array_equal(split.test, kept.splits[1].test + 100)
    with pytest.raises(InputError, match=r"split of made: '7'.*one of: 0, 1, 2"):
        split_of(kept, "7", places)
