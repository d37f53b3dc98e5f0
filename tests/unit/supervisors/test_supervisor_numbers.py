from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.supervisors.contract import Lesson
from w2s_mol.supervisors.numbers import Column, Property, Raw
from w2s_mol.supervisors.registry import find_supervisors

NAN = np.nan


def lesson(column: list[float], truth: list[float], head: str = "ols") -> Lesson:
    """Learn from the first five molecules, choose on three, and say something of all but one."""
    n = len(truth)
    rows = np.arange(n)
    examples = Examples(["C"] * n, {"cheap": np.array(column)})
    shown = np.where(rows < 8, truth, NAN)
    return Lesson(examples, shown, rows[:5], rows[5:8], rows[1:], head_fitter(head))  # type: ignore[arg-type]


def test_a_column_is_calibrated_by_the_line_through_the_true_labels_it_may_learn_from() -> None:
    column = [0.0, 1.0, NAN, 2.0, 3.0, 4.0, 5.0, NAN, 10.0, NAN]
    truth = [1.0, 4.0, 99.0, 5.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    found = Column("cheap").labels(lesson(column, truth))
    slope, intercept = 2.8, 0.8  # of the least squares line of 1, 4, 5, 10 at 0, 1, 2, 3
    expected = [NAN, *(intercept + slope * x for x in column[1:])]
    np.testing.assert_allclose(found.labels, expected, rtol=1e-9)


def test_it_is_shrunk_as_heads_are() -> None:
    generator = np.random.default_rng(0)
    column, truth = generator.normal(size=12), generator.normal(size=12)
    found = Column("cheap").labels(lesson(list(column), list(truth), "ridge"))
    rows = np.arange(12)
    head = fit_ridge(InMemory(column[:, None]), truth[:, None], rows[:5], rows[5:8])
    np.testing.assert_allclose(found.labels[1:], head.predict(column[1:, None])[:, 0], rtol=1e-9)
    assert found.penalty == head.penalties[0]


def test_a_column_far_from_zero_is_no_constant() -> None:
    near = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    far = [1e9 + x for x in near]
    truth = [2 * x for x in near]
    labels = Column("cheap").labels(lesson(far, truth)).labels
    np.testing.assert_allclose(labels[1:], truth[1:], rtol=1e-9)


@pytest.mark.parametrize("filled", [range(5, 9), range(5)])
def test_without_a_labelled_molecule_to_learn_from_or_to_choose_on_it_says_nothing(
    filled: range,
) -> None:
    column = [float(i) if i in filled else NAN for i in range(9)]
    assert np.isnan(Column("cheap").labels(lesson(column, [1.0] * 9)).labels).all()


def test_a_raw_column_is_said_as_it_stands_and_needs_no_true_label() -> None:
    column = [5.0, 1.0, NAN, 2.0, 3.0, 4.0, 5.0, NAN, 10.0, NAN]
    found = Raw("cheap").labels(lesson(column, [NAN] * 10))
    np.testing.assert_array_equal(found.labels, [NAN, *column[1:]])
    assert np.isnan(found.penalty)


def test_a_table_that_lacks_the_column_is_refused() -> None:
    with pytest.raises(InputError, match="column:dock reads column 'dock', and these molecules"):
        Column("dock").labels(lesson([1.0] * 9, [1.0] * 9))


def test_a_property_is_rdkits_own_number_calibrated(fresh_home: Path) -> None:
    smiles = ["C", "CC", "CCC", "CCCC", "CCCCC", "CCCCCC", "CCCCCCC", "C1CC1", "c1ccccc1"]
    heavy = np.array([1, 2, 3, 4, 5, 6, 7, 3, 6])
    told: list[tuple[str, int]] = []
    found = Property("HeavyAtomCount")
    asked = lesson([0.0] * 9, list(3.0 - 2.0 * heavy))
    asked = replace(asked, examples=Examples(smiles))
    assert list(found.prepare(smiles, lambda work, done, _: told.append((work, done)))) == [""] * 9
    assert told == [("computing property:HeavyAtomCount", done) for done in (0, 9)]
    np.testing.assert_allclose(found.labels(asked).labels[1:], 3.0 - 2.0 * heavy[1:], rtol=1e-9)
    for again in (found, Property("HeavyAtomCount")):  # and kept for other processes
        again.prepare(smiles, lambda *_: pytest.fail("it is computed once"))
    np.testing.assert_array_equal(again.values(Examples(smiles)), heavy)
    Property("RingCount").prepare(smiles, lambda work, *_: told.append((work, 0)))
    assert told[-1][0] == "computing property:RingCount"


def test_a_property_that_is_not_finite_is_not_said() -> None:
    """Gasteiger charges of a platinum complex are not known."""
    values = Property("MaxPartialCharge").values(Examples(["CCO", "Cl[Pt]Cl", "CO"]))
    assert np.isnan(values[1])
    assert np.isfinite(values[[0, 2]]).all()


def test_rdkit_warns_of_nothing_while_it_computes(capfd: pytest.CaptureFixture[str]) -> None:
    assert Property("MolWt").values(Examples(["[H][Na+]", "[H+].CC"]))[0] > 20
    assert capfd.readouterr().err == ""


def test_an_unknown_property_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        InputError,
        match=r"unknown RDKit descriptor 'logp'\. Did you mean MolLogP.*of the \d+ names",
    ):
        Property("logp")


def test_kinds_are_told_apart_and_columns_by_their_content_too() -> None:
    found = find_supervisors(
        ["column:cheap", "raw:cheap", "property:TPSA", "column:cheap"], Finder(device="cpu")
    )
    assert [(s.family, s.name, s.hidden, s.seed, s.encoders) for s in found] == [
        ("column", "column:cheap", None, None, ()),
        ("raw", "raw:cheap", None, None, ()),
        ("property", "property:TPSA", None, None, ()),
    ]
    one, other = (Examples(["C"] * 2, {"cheap": np.array([1.0, x])}) for x in (NAN, 2.0))
    hashes = [s.content(examples) for s in found for examples in (one, other)]
    assert len({s.sha256 for s in found}) == 3
    assert len(set(hashes[:4])) == 4
    assert hashes[4:] == [found[2].sha256] * 2
    assert found[0].content(one) == Column("cheap").content(one)
