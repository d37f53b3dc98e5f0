import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol.progress import silent
from w2s_mol.synthetic import experiment as module
from w2s_mol.synthetic.config import EXPERIMENTS, SyntheticConfig
from w2s_mol.synthetic.experiment import SYNTHETIC_COLUMNS, run_experiment

TINY = SyntheticConfig(
    representation_epochs=12,
    representation_batch=20,
    restarts=2,
    pretraining_tasks=4,
    pretraining_samples=40,
    low_tasks=2,
    low_samples=10,
    finetuning_tasks=5,
    finetuning_samples=60,
    head_epochs=3,
    head_width=4,
)

ALL_FIRE = {"setting": "0.3"}
"""With ReLU at the end a unit that fires on none of a head's few samples is no feature to it."""


def found(name: str, seed: int = 0, **other) -> pd.DataFrame:
    results, _ = run_experiment(dataclasses.replace(TINY, **other), name, seed, "id", silent)
    return results


def relative(results: pd.DataFrame, quantity: str) -> float:
    """Compare a quantity's largest size to the weak error's."""
    return float(results[quantity].abs().max() / results["weak_error"].max())


@pytest.mark.parametrize(
    ("name", "weak", "strong"),
    [
        ("realizable", "2-layer MLP", "h*"),
        ("pretraining", "2-layer MLP", "8-layer MLP"),
        ("perturbation", "h* + noise 0.05", "h* + noise 0.01"),
        ("strong-to-weak-pretraining", "8-layer MLP", "2-layer MLP"),
        ("strong-to-weak-perturbation", "h* + noise 0.01", "h* + noise 0.05"),
        ("low-sample", "2-layer MLP", "8-layer MLP"),
    ],
)
def test_results_are_one_row_a_task_and_say_what_they_are_of(
    name: str, weak: str, strong: str
) -> None:
    results = found(name, seed=3)
    assert list(results.columns) == list(SYNTHETIC_COLUMNS)
    assert list(results["task"]) == [0, 1, 2, 3, 4]
    said = results[["experiment", "panel", "seed", "weak", "strong", "head", "n", "study"]]
    expected = [name, EXPERIMENTS[name].panel, 3, weak, strong, "exact", 60, "id"]
    assert said.drop_duplicates().to_numpy().tolist() == [expected]


@pytest.mark.parametrize("head", ["exact", "adamw", "mlp"])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_slack_is_the_sum_of_its_parts_in_every_experiment(name: str, head: str) -> None:
    results = found(name, head=head)
    assert (
        np.isfinite(results[["weak_error", "w2s_error", "misfit", "ceiling_error"]])
        .to_numpy()
        .all()
    )
    parts = results["slack_projection"] + results["slack_epsilon"]
    np.testing.assert_allclose(results["slack"], parts, atol=1e-9 * results["weak_error"].max())
    room = 2 * np.sqrt(results["ceiling_error"] * results["misfit"])
    assert (results["slack_epsilon"].abs() <= room * (1 + 1e-9) + 1e-12).all()


def test_where_the_truth_is_realizable_exact_heads_find_it_and_epsilon_is_nothing() -> None:
    results = found("realizable", **ALL_FIRE)
    assert relative(results, "ceiling_error") < 1e-12
    assert relative(results, "slack_epsilon") < 1e-6
    assert relative(results, "w2s_error") > 1e-3


def test_theorem_1_holds_where_samples_are_many() -> None:
    """Gain is misfit but for the students' being fitted on other samples."""
    results = found("realizable", finetuning_tasks=4, finetuning_samples=8000)
    np.testing.assert_allclose(results["gain"], results["misfit"], rtol=0.1)
    assert (results["misfit"] > 0.05 * results["weak_error"]).all()


def test_a_strong_representation_without_noise_is_h_star() -> None:
    results = found("perturbation", strong_sigma=0, **ALL_FIRE)
    assert relative(results, "ceiling_error") < 1e-12
    assert relative(results, "weak_error") == 1
    assert relative(found("perturbation", **ALL_FIRE), "ceiling_error") > 1e-6


def test_without_any_noise_every_model_is_the_truth() -> None:
    clean = found("perturbation", strong_sigma=0, weak_sigma=0, **ALL_FIRE)
    noisy = found("perturbation", **ALL_FIRE)["weak_error"].max()
    for error in ("weak_error", "w2s_error", "ceiling_error", "misfit"):
        assert (clean[error] < 1e-12 * noisy).all()


def test_a_supervisor_that_is_the_truth_makes_its_student_the_ceiling() -> None:
    results = found("perturbation", weak_sigma=0, **ALL_FIRE)
    assert (results["ceiling_error"] > 0.01).all()
    np.testing.assert_allclose(results["w2s_error"], results["ceiling_error"], rtol=1e-6)
    np.testing.assert_allclose(results["misfit"], results["ceiling_error"], rtol=1e-6)


def test_the_reversed_experiment_swaps_the_same_two_representations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    original = module._predictions

    def spy(config, seed, weak, strong, low_sample):
        seen.append((weak, strong))
        return original(config, seed, weak, strong, low_sample)

    monkeypatch.setattr(module, "_predictions", spy)
    for kind in ("pretraining", "perturbation"):
        seen.clear()
        found(kind)
        found(f"strong-to-weak-{kind}")
        (weak, strong), (reversed_weak, reversed_strong) = seen
        for one, other in ((weak, reversed_strong), (strong, reversed_weak)):
            for p, q in zip(one.parameters(), other.parameters(), strict=True):
                np.testing.assert_array_equal(p, q)
        assert len(weak.weights) != len(strong.weights) or kind == "perturbation"


def test_experiments_of_a_seed_share_tasks_and_samples() -> None:
    """The weak model of 2a and 2b is the same, and so is what it is asked."""
    one, two = found("realizable"), found("pretraining")
    np.testing.assert_array_equal(one["weak_error"], two["weak_error"])
    assert (one["ceiling_error"] != two["ceiling_error"]).all()


def test_noise_of_another_size_leaves_tasks_and_samples_alone() -> None:
    one, two = found("perturbation"), found("perturbation", strong_sigma=0.5)
    np.testing.assert_array_equal(one["weak_error"], two["weak_error"])
    assert (one["ceiling_error"] != two["ceiling_error"]).all()


def test_errors_are_those_on_samples_that_no_head_saw() -> None:
    """With fewer samples than features, heads make no error on their own."""
    results = found("perturbation", finetuning_samples=10, **ALL_FIRE)
    assert (results["weak_error"] > 1).all()
    assert (results["ceiling_error"] > 1).all()


@pytest.mark.parametrize("head", ["exact", "adamw", "mlp"])
def test_an_experiment_is_a_function_of_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str
) -> None:
    tables = []
    for home in ("one", "two", "two"):  # computed, computed elsewhere, read from the cache
        monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / home))
        tables.append(found("pretraining", head=head))
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)
    other = found("pretraining", seed=1, head=head)
    assert (other["weak_error"] != tables[0]["weak_error"]).all()


def test_few_samples_pretrain_other_representations() -> None:
    many, few = found("pretraining"), found("low-sample")
    assert (many["weak_error"] != few["weak_error"]).all()
    same = found("low-sample", low_tasks=4, low_samples=40)
    np.testing.assert_array_equal(same["weak_error"], many["weak_error"])
    np.testing.assert_array_equal(same["w2s_error"], many["w2s_error"])


@pytest.mark.parametrize(
    ("name", "roles"),
    [("realizable", ["weak"]), ("pretraining", ["weak", "strong"]), ("perturbation", [])],
)
def test_curves_are_of_the_representations_that_were_trained(name: str, roles: list) -> None:
    _, curves = run_experiment(TINY, name, 0, "id", silent)
    assert list(curves["role"].unique()) == roles
    assert list(curves["epoch"]) == list(range(1, 13)) * len(roles)
    assert (curves["experiment"] == name).all()
    assert (curves["relative_error"] > 0).all()
    assert curves.dtypes[["epoch", "relative_error"]].tolist() == [np.int64, np.float64]


def test_tasks_within_the_span_of_the_pretraining_tasks_are_of_the_experiments_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = []
    original = module.with_share_in_span

    def spy(tasks, of, share):
        seen.append((len(of.parameters[0]), share))
        return original(tasks, of, share)

    monkeypatch.setattr(module, "with_share_in_span", spy)
    drawn = found("pretraining")
    assert seen == []
    changed = found("pretraining", task_span=0.25)
    found("low-sample", task_span=1)
    assert seen == [(TINY.pretraining_tasks, 0.25), (TINY.low_tasks, 1.0)]
    assert (changed["weak_error"] != drawn["weak_error"]).all()


@pytest.mark.slow
def test_the_papers_pattern_with_its_setting() -> None:
    """Figures 2b and 3a of one seed, with a third of the epochs.

    Training differs between processors: on an Intel Xeon three seeds gave 0.83 to 0.97 in size.
    """
    shorter = SyntheticConfig(representation_epochs=500, restarts=1)
    for name, sign in (("pretraining", 1), ("strong-to-weak-pretraining", -1)):
        results, _ = run_experiment(shorter, name, 0, "id", silent)
        assert sign * np.corrcoef(results["gain"], results["misfit"])[0, 1] > 0.7


GOLDEN = {
    "realizable": (900.891195667, 2262.352193186, 2033.020925981),
    "pretraining": (900.891195667, 1023.263646791, 564.942125624),
    "perturbation": (206.552009861, 107.880157372, 176.566263942),
    "strong-to-weak-pretraining": (1199.839734294, 1163.763302438, 706.374542313),
    "strong-to-weak-perturbation": (15.302309101, 169.691396603, 181.660035432),
    "low-sample": (875.101732662, 1002.676051508, 538.913150174),
}
"""Of version 0.3: mean weak error, student's error and misfit of ``TINY``, seed 1."""


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_setting_of_0_3_gives_its_numbers_but_for_rounding(name: str) -> None:
    old = SyntheticConfig(
        setting="0.3",
        **{n: getattr(TINY, n) for n in ("pretraining_tasks", "pretraining_samples")},
        **{n: getattr(TINY, n) for n in ("low_tasks", "low_samples", "representation_epochs")},
        **{n: getattr(TINY, n) for n in ("finetuning_tasks", "finetuning_samples")},
        representation_batch=80,
    )
    results, _ = run_experiment(old, name, 1, "id", silent)
    means = results[["weak_error", "w2s_error", "misfit"]].mean()
    np.testing.assert_allclose(means, GOLDEN[name], rtol=1e-5)
