"""Studies of classes: what is learnt by whom, what results say."""

import numpy as np
import pytest
from taught_by_arrays import Says, probe, student

from w2s_mol.datasets.examples import Examples
from w2s_mol.errors import InputError
from w2s_mol.heads.probability import LEAST, logit, probability
from w2s_mol.heads.rules import HeadSettings
from w2s_mol.study.cell import split_cells
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.protocols import Roles
from w2s_mol.study.results import result_columns
from w2s_mol.supervisors.numbers import Raw
from w2s_mol.supervisors.top import Top
from w2s_mol.tasks.registry import BINARY, REGRESSION

N = 120
GENERATOR = np.random.default_rng(0)
STRONG = GENERATOR.normal(size=(N, 5))
TRUTH = (STRONG[:, 0] + GENERATOR.normal(size=N) > 0).astype(float)
WEAK = STRONG[:, :2] + GENERATOR.normal(size=(N, 2))
LEARN, VALID, TEST = np.arange(60), np.arange(60, 90), np.arange(90, N)
ROLES = Roles({"train": LEARN, "valid": VALID, "test": TEST}, LEARN, LEARN, VALID, VALID)


def cells(supervisors, teach="probabilities", settings=None):
    [found] = split_cells(
        supervisors, [student(STRONG)], Examples(["C"] * N), TRUTH, ROLES, BINARY,
        BINARY.fitter(settings or HeadSettings()), teach=teach,
    )  # fmt: skip
    return found


def test_everyone_predicts_probabilities() -> None:
    found = cells([probe(WEAK), Says(np.full(N, 0.3) + 0.1 * TRUTH)])
    for made in (found.weak, *(made.predictions for made in found.made.values())):
        said = made[TEST]
        assert ((said >= LEAST) & (said <= 1 - LEAST)).all()


def test_a_supervisor_that_says_no_probability_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match=r"says 3, .*probabilities from 0 to 1.*column:NAME"):
        cells([Says(np.full(N, 3.0))])


def test_the_best_of_others_knows_who_says_certainties() -> None:
    """An exact 0 or 1 counts as almost that, also where supervisors are ranked."""
    right = np.where(GENERATOR.random(N) < 0.95, TRUTH, 1 - TRUTH)
    columns = {"rule": right, "noise": GENERATOR.random(N), "other": GENERATOR.random(N)}
    others = [Raw(name) for name in columns]
    top = Top("top:1", 1, others)
    [found] = split_cells(
        [top], [student(STRONG)], Examples(["C"] * N, columns), TRUTH, ROLES, BINARY,
        BINARY.fitter(HeadSettings()),
    )  # fmt: skip
    assert found.taken == ["raw:rule"]


def test_classes_are_taught_as_the_likelier_one_and_delta_still_corrects_probabilities() -> None:
    weak = probability(2 * STRONG[:, 0])
    hard = (weak > 0.5).astype(float)
    taught, by_hand = cells([Says(weak)], teach="classes"), cells([Says(hard)])
    np.testing.assert_allclose(
        taught.made["w2s"].predictions, by_hand.made["w2s"].predictions, atol=1e-4
    )
    plain = cells([Says(weak)])
    np.testing.assert_allclose(
        taught.made["delta"].predictions, plain.made["delta"].predictions, atol=1e-5
    )


def test_a_supervisor_that_teaches_one_class_alone_is_told() -> None:
    sure, other = Says(0.6 + 0.2 * TRUTH, "sure"), Says(probability(STRONG[:, 0]), "other")
    found = cells([sure, other], teach="classes")
    [told] = found.told
    assert "sure" in told
    assert (found.made["w2s"].predictions[TEST, 0] > 0.99).all()
    assert cells([sure, other]).told == []


def test_delta_starts_at_the_supervisors_logit() -> None:
    """Of a supervisor that is right but for a constant, the constant is learnt."""
    best = cells([Says(TRUTH * 0.5 + 0.25)]).made["direct"].predictions[:, 0]
    shifted = probability(logit(np.nan_to_num(best, nan=0.5)) + 2)
    of_shifted = cells([Says(shifted)])
    error = BINARY.loss(of_shifted.made["delta"].predictions[TEST, 0], TRUTH[TEST]).mean()
    assert error < BINARY.loss(shifted[TEST], TRUTH[TEST]).mean() - 0.1


def test_a_reverse_kl_student_is_another_and_the_ceiling_the_same() -> None:
    weak = [Says(probability(2 * STRONG[:, 0] + STRONG[:, 1] ** 2))]
    plain, reverse = cells(weak), cells(weak, settings=HeadSettings(loss="reverse-kl"))
    for use in ("ceiling", "direct"):
        one, other = plain.made[use].predictions, reverse.made[use].predictions
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert not np.allclose(plain.made["w2s"].predictions, reverse.made["w2s"].predictions)


def test_no_true_label_reaches_the_student() -> None:
    weak = [Says(probability(STRONG[:, 0]))]
    before = cells(weak).made["w2s"].predictions
    altered = 1 - TRUTH
    [after] = split_cells(
        weak, [student(STRONG)], Examples(["C"] * N), altered, ROLES, BINARY,
        BINARY.fitter(HeadSettings()),
    )  # fmt: skip
    np.testing.assert_allclose(after.made["w2s"].predictions, before, atol=1e-6)


def test_results_have_the_scores_of_four_models_and_what_is_recovered_of_each() -> None:
    columns = result_columns(BINARY)
    assert len(set(columns)) == len(columns)
    for score in BINARY.scores:
        for model in ("weak", "w2s", "direct", "ceiling"):
            assert f"{model}_{score.name}" in columns
        assert f"pgr_{score.name}" in columns
    assert not any(name.endswith("roc_auc") for name in result_columns(REGRESSION))


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"teach": "classes", "loss": "reverse-kl"}, "infinite"),
        ({"confidence_warmup": 0.5}, "Give --confidence"),
        ({"heads": 3}, "--head mixture"),
        ({"confidence": 1.5}, "confidence"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, why) -> None:
    with pytest.raises(InputError, match=why):
        StudyConfig(dataset=("bbbp",), **settings)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"loss": "reverse-kl"}, "for classes"),
        ({"teach": "classes"}, "for classes"),
        ({"head": "adamw", "confidence": 0.5}, "same minimiser"),
        ({"head": "mixture"}, "a mean of linear heads"),
    ],
)
def test_ways_to_learn_classes_are_refused_for_numbers_with_the_reason(settings, why) -> None:
    config = StudyConfig(dataset=("esol",), **settings)
    with pytest.raises(InputError, match=why):
        REGRESSION.fitter(config.head_settings)
