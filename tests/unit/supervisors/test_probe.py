import numpy as np
from taught_by_arrays import probe

from w2s_mol.datasets.examples import Examples
from w2s_mol.heads.fitting import head_fitter
from w2s_mol.heads.matrix import InMemory
from w2s_mol.heads.ridge import fit_ridge
from w2s_mol.supervisors.contract import Lesson


def lesson(truth: np.ndarray) -> Lesson:
    rows = np.arange(len(truth))
    return Lesson(
        Examples(["C"] * len(truth)), truth, rows[:20], rows[20:30], rows[10:], head_fitter("ridge")
    )


def test_labels_are_those_of_a_head_on_true_labels() -> None:
    generator = np.random.default_rng(0)
    x, truth = generator.normal(size=(40, 3)), generator.normal(size=40)
    found = probe(x).labels(lesson(truth))
    head = fit_ridge(InMemory(x), truth[:, None], np.arange(20), np.arange(20, 30))
    np.testing.assert_allclose(found.labels[10:], head.predict(x)[10:, 0], rtol=1e-12)
    assert np.isnan(found.labels[:10]).all()
    assert found.penalty == head.penalties[0]


def test_a_probe_is_never_silent() -> None:
    """Where its head gives no number it said something that is none; NaN would be silence."""
    generator = np.random.default_rng(0)
    x, truth = generator.normal(size=(40, 3)), generator.normal(size=40)
    x[39] = np.nan
    found = probe(x).labels(lesson(truth))
    assert found.labels[39] == np.inf
    assert np.isfinite(found.labels[10:39]).all()
