from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.diagnostics.config import DiagnosticsConfig
from w2s_mol.diagnostics.pairs import SCORES, pair_table
from w2s_mol.errors import InputError
from w2s_mol.heads.matrix import gathered

WEAK, STRONG = ("weak-h8-s0", "weak-h16-s0", "rdkit2d"), ("ecfp", "rdkit2d")


@pytest.fixture(scope="module")
def pairs(compared: Callable) -> pd.DataFrame:
    return pair_table(compared(weak=WEAK, strong=STRONG), 1e-3, 0.01)


def test_there_is_a_row_a_pair_the_smallest_norm_first(pairs: pd.DataFrame) -> None:
    assert {(row.weak, row.strong) for row in pairs.itertuples()} == {
        (weak, strong) for weak in WEAK for strong in STRONG
    }
    assert len(pairs) == 6
    assert pairs["norm"].is_monotonic_increasing
    assert pairs["hidden"].dropna().tolist().count(8) == 2
    assert pairs.set_index("weak").loc["rdkit2d", "hidden"].isna().all()


def test_the_scores_are_those_of_the_encoders_vectors(compared: Callable, pairs) -> None:
    made = compared(weak=("weak-h8-s0",), strong=("rdkit2d",))
    readers = (made.supervisors[0], made.students[0])
    each = [gathered(made.features(one), made.rows).astype(float) for one in readers]
    (u, p), (v, q) = (np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[:2] for x in each)
    k, m = ((np.cumsum(s**2) / np.sum(s**2) < 0.99).sum() + 1 for s in (p, q))
    row = pairs.set_index(["weak", "strong"]).loc[("weak-h8-s0", "rdkit2d")]
    assert (row["d_w"], row["d_s"]) == (k, m)
    assert row["d_sw"] == pytest.approx(np.sum((u[:, :k].T @ v[:, :m]) ** 2), rel=1e-5)
    alike = (p**2) @ (u.T @ v) ** 2 @ (q**2)
    cka = alike / np.linalg.norm(p**2) / np.linalg.norm(q**2)
    assert row["cka"] == pytest.approx(cka, rel=1e-6)


def test_an_encoder_beside_itself_is_alike(pairs: pd.DataFrame) -> None:
    row = pairs.set_index(["weak", "strong"]).loc[("rdkit2d", "rdkit2d")]
    assert row["cka"] == pytest.approx(1.0)
    assert row["d_sw"] == pytest.approx(row["d_w"])


def test_no_label_is_used(compared: Callable, pairs: pd.DataFrame) -> None:
    other = pair_table(compared(weak=WEAK, strong=STRONG, target_column="other"), 1e-3, 0.01)
    pd.testing.assert_frame_equal(other, pairs)


@pytest.mark.slow
def test_molecules_that_one_encoder_cannot_read_are_left_out_for_all(
    compared: Callable, tmp_path: Path, table: Path
) -> None:
    with_salt = tmp_path / "salt.csv"
    with_salt.write_text(table.read_text() + "[Xe],1.0,1\n")
    given = {"weak": ("weak-h8-s0",), "strong": ("ecfp",), "dataset": str(with_salt)}
    with pytest.raises(InputError, match="Xe"):
        compared(**given)
    found = compared(**given, on_invalid="skip")
    assert len(found.rows) == 60
    plain = pair_table(compared(weak=("weak-h8-s0",), strong=("ecfp",)), 1e-3, 0.01)
    scores = pair_table(found, 1e-3, 0.01)[list(SCORES)]
    np.testing.assert_allclose(scores, plain[list(SCORES)], rtol=1e-6)


def test_who_has_no_representation_is_refused_by_name(compared: Callable) -> None:
    with pytest.raises(InputError, match=r"^self has no representation of its own"):
        compared(weak=("rdkit2d",), strong=("self",))


def test_a_heat_map_of_several_pairs_is_refused_before_anything_is_embedded(
    compared: Callable,
) -> None:
    with pytest.raises(InputError, match="2 weak and 1 strong encoders"):
        compared(one_pair=True, weak=("rdkit2d", "ecfp"), strong=("ecfp",))


@pytest.mark.parametrize(
    "wrong", [{"ridge": 0.0}, {"tolerance": 0.0}, {"tolerance": 1.0}, {"weak": ()}]
)
def test_wrong_settings_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        DiagnosticsConfig("esol", **wrong)
