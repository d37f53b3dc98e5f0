"""Whatever a table holds: one molecule for every encoder, or a refusal with its line."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2s_mol import load_encoder
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.rows import Reading, read_rows
from w2s_mol.errors import InputError

quick = settings(
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = [
    *("C", "N", "O", "c1ccccc1", "C(=O)", "[C@H]", "[Na+]", "[nH]", "Cl", "(", ")", "1", "=", "#"),
    *(" ", "\t", "\n", "\r\n", "|", "|&1:1|", " |x|", "Ó", "\u200b", "\xa0", "name", ",", '"', "."),
    *("[2H]", "%10", "->", "*", "@", "C" * 501, "\x7f", "日"),
]
cells = st.lists(
    st.one_of(
        st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    ),
    min_size=1,
    max_size=12,
)
OWN_REASONS = ("vocabulary", "tokens", "kekulise", "not finite")


@pytest.fixture(scope="module")
def encoders():
    return [load_encoder(name) for name in ("ecfp", "rdkit2d", "weak-h8-s0")]


@quick
@given(cells=cells)
def test_any_cell_is_one_molecule_for_every_encoder_and_for_the_table(encoders, tmp_path, cells):
    path = tmp_path / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
            [("y", "smiles"), *((1, c) for c in cells)]
        )
    rows = read_rows(path, Reading("smiles", "y"))
    readings = [encoder.read(cells) for encoder in encoders]
    for row in range(len(cells)):
        seen = {r.texts[row] for r in readings if not r.reasons[row]}
        reasons = [r.reasons[row] for r in readings if r.reasons[row]]
        if row in rows.faults:
            assert not seen
            assert rows.faults[row].place == rows.lines[row]
        else:
            assert seen == {rows.smiles[row]}
            assert all(any(word in reason for word in OWN_REASONS) for reason in reasons)


SMILES = ["C" * n + "O" for n in range(1, 15)]
floats = st.floats(allow_nan=False, allow_infinity=False)
magnitudes = st.integers(-320, 308).map(lambda exponent: float(f"1e{exponent}"))


@quick
@given(labels=st.lists(st.one_of(floats, magnitudes, st.floats(-5, 5)), min_size=10, max_size=14))
def test_any_finite_labels_load_or_are_refused_with_their_line(tmp_path, labels):
    path = tmp_path / "own.csv"
    rows = zip(SMILES, labels, strict=False)
    path.write_text("smiles,y\n" + "".join(f"{smiles},{y!r}\n" for smiles, y in rows))
    try:
        dataset = load_dataset(str(path), target_column="y", task="regression")
    except InputError as error:
        bad = [n for n, y in enumerate(labels, start=2) if abs(y) >= 1e150 or 0 < abs(y) < 1e-150]
        said = str(error)
        assert all(f"line {line}" in said for line in bad[:10])
        assert bad or "lost in rounding" in said or "constant label" in said
        return
    assert dataset.labels.tolist() == labels
    with np.errstate(all="raise"):
        assert (dataset.labels[dataset.labels != 0] ** 2 > 0).all()
        for a, b in itertools.combinations(dataset.labels, 2):
            assert np.isfinite((a - b) ** 2 if abs(a - b) > 1e-150 else 0.0)
