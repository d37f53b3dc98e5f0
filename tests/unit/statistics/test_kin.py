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


def with_strays(learnt: int, molecules: int, part: str = "train") -> pd.DataFrame:
    """Make a split of which the scaffolds of the last of the test molecules were learnt."""
    smiles = [*BENZENES, *[CYCLOHEXANES[0]] * (molecules - learnt), *[BENZENES[0]] * learnt]
    parts = [part] * len(BENZENES) + ["test"] * molecules
    rows = range(len(smiles))
    return pd.DataFrame({"split": "0", "part": parts, "row": rows, "smiles": smiles})


@pytest.mark.parametrize(
    ("learnt", "is_kept"), [(0, True), (1, True), (2, True), (3, False), (20, False)]
)
@pytest.mark.parametrize("looked_at", [1, 300])
def test_up_to_a_tenth_of_the_test_molecules_may_have_a_scaffold_that_was_learnt(
    learnt: int, is_kept: bool, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few strays do not make a split random; wherever they stand they are counted."""
    monkeypatch.setattr("w2s_mol.statistics.kin._LOOKED_AT", looked_at)
    assert (groups_of_kin(with_strays(learnt, 20), range(3, 23)) is not None) == is_kept


@pytest.mark.parametrize("part", ["train", "train-weak", "train-strong"])
def test_every_part_that_heads_are_fitted_on_was_learnt_from(part: str) -> None:
    apart = with_strays(0, 20).assign(row=lambda rows: rows["row"] + 100)
    both = pd.concat([apart, with_strays(20, 20, part)])
    assert groups_of_kin(both[both["row"] >= 100], range(103, 123)) is not None
    assert groups_of_kin(both, range(3, 23)) is None
    assert groups_of_kin(with_strays(0, 20, part), range(3, 23)) is not None


def test_scaffolds_of_the_validation_part_do_not_count() -> None:
    assert groups_of_kin(predictions({"0": ([0, 1, 2], [3, 4], [6, 7, 8])}), [6, 7]) is not None
    assert groups_of_kin(predictions({"0": ([0, 1], [2, 5], [6, 7, 8])}), [2, 6]) is not None


def test_predictions_without_smiles_have_no_groups() -> None:
    assert groups_of_kin(predictions(BY_SCAFFOLD).drop(columns="smiles"), range(9)) is None
    nobody_learnt = predictions(BY_SCAFFOLD).query("part != 'train'")
    assert groups_of_kin(nobody_learnt, range(9)) is None


def test_predictions_of_several_supervisors_are_of_the_same_molecules() -> None:
    once = predictions(BY_SCAFFOLD)
    twice = pd.concat([once.assign(weak="a"), once.assign(weak="b")])
    np.testing.assert_array_equal(groups_of_kin(once, range(9)), groups_of_kin(twice, range(9)))
