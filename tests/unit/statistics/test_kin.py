import numpy as np
import pandas as pd
import pytest

from w2s_mol.statistics.kin import groups_of_kin

BENZENES = ["c1ccccc1C", "c1ccccc1CC", "c1ccccc1O"]
PYRIDINES = ["c1ccncc1C", "c1ccncc1CC", "c1ccncc1O"]
CYCLOHEXANES = ["C1CCCCC1C", "C1CCCCC1CC", "C1CCCCC1O"]
SMILES = [*BENZENES, *PYRIDINES, *CYCLOHEXANES]
BY_SCAFFOLD = {"0": ([0, 1, 2], [3, 4, 5], [6, 7, 8]), "1": ([3, 4, 5], [0, 1, 2], [6, 7, 8])}


def predictions(splits: dict[str, tuple[list[int], ...]]) -> pd.DataFrame:
    return pd.concat(
        pd.DataFrame({"split": split, "part": part, "row": rows}).assign(
            smiles=[SMILES[row] for row in rows]
        )
        for split, parts in splits.items()
        for part, rows in zip(("train", "valid", "test"), parts, strict=True)
    )


def test_where_splits_keep_scaffolds_together_they_are_the_groups() -> None:
    found = groups_of_kin(predictions(BY_SCAFFOLD), range(9))
    assert found is not None
    assert len(np.unique(found)) == 3
    assert (found.reshape(3, 3) == found[::3, None]).all()


def test_groups_are_those_of_the_rows_that_are_asked_for() -> None:
    found = groups_of_kin(predictions(BY_SCAFFOLD), [3, 6, 4])
    assert found is not None
    assert found[0] == found[2] != found[1]
    assert sorted(set(found.tolist())) == [0, 1]


def test_scaffolds_shared_by_validation_and_test_are_still_groups() -> None:
    """What was learnt from is what counts: kin err alike whatever part they are in."""
    assert groups_of_kin(predictions({"0": ([0, 1, 2], [3, 6], [4, 7])}), [3, 6, 4, 7]) is not None


@pytest.mark.parametrize(
    "splits",
    [
        {"0": ([0, 3, 6], [1, 4, 7], [2, 5, 8])},
        {**BY_SCAFFOLD, "random": ([0, 3, 6], [1, 4, 7], [2, 5, 8])},
    ],
    ids=["random", "one of them random"],
)
def test_random_splits_have_no_groups(splits: dict) -> None:
    assert groups_of_kin(predictions(splits), range(9)) is None


def test_one_scaffold_on_both_sides_far_down_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("w2s_mol.statistics.kin._LOOKED_AT", 1)
    splits = {"0": ([0, 1, 3], [4], [6, 7, 8])}
    assert groups_of_kin(predictions(splits), range(5)) is None


def test_predictions_without_smiles_have_no_groups() -> None:
    assert groups_of_kin(predictions(BY_SCAFFOLD).drop(columns="smiles"), range(9)) is None
    nobody_learnt = predictions(BY_SCAFFOLD).query("part != 'train'")
    assert groups_of_kin(nobody_learnt, range(9)) is None


def test_predictions_of_several_supervisors_are_of_the_same_molecules() -> None:
    once = predictions(BY_SCAFFOLD)
    twice = pd.concat([once.assign(weak="a"), once.assign(weak="b")])
    np.testing.assert_array_equal(groups_of_kin(once, range(9)), groups_of_kin(twice, range(9)))
