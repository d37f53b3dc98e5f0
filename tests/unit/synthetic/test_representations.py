import dataclasses
from pathlib import Path

import pytest
import torch

from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.synthetic import representations as module
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.representations import (
    Pretrained,
    pretrained_representation,
    true_representation,
)

TINY = SyntheticConfig(
    representation_epochs=12,
    representation_batch=20,
    pretraining_tasks=4,
    pretraining_samples=40,
    low_tasks=2,
    low_samples=10,
)


def pretrained(
    config: SyntheticConfig = TINY, seed: int = 0, depth: int = 2, low_sample: bool = False
) -> Pretrained:
    return pretrained_representation(config, seed, depth, low_sample=low_sample, progress=silent)


def same(one: Pretrained, other: Pretrained) -> bool:
    pairs = zip(one.network.parameters(), other.network.parameters(), strict=True)
    return one.curve == other.curve and all(torch.equal(p, q) for p, q in pairs)


def entries(home: Path) -> list[Path]:
    return sorted((home / "representations").rglob("*.safetensors"))


def test_h_star_is_that_of_its_seed_whatever_is_pretrained_and_finetuned() -> None:
    other = dataclasses.replace(
        TINY, head="mlp", weak_depth=1, pretraining_tasks=9, finetuning_tasks=2, weak_sigma=3
    )
    for one, two in zip(
        true_representation(TINY, 0).parameters(),
        true_representation(other, 0).parameters(),
        strict=True,
    ):
        assert torch.equal(one, two)
    first, second = (true_representation(TINY, seed).weights[0] for seed in (0, 1))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("depth", [1, 2, 8])
def test_a_representation_has_the_layers_asked_for(fresh_home: Path, depth: int) -> None:
    shapes = [tuple(w.shape) for w in pretrained(depth=depth).network.weights]
    assert shapes == [(8, 16), *[(16, 16)] * (depth - 1)]


@pytest.mark.parametrize("depth", [1, 2, pytest.param(8, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sigma", [1.0, 500.0])
@pytest.mark.parametrize("setting", ["paper", "notebook"])
@pytest.mark.parametrize("head", ["exact", "mlp"])
def test_the_network_on_raw_inputs_has_the_least_loss_of_the_restarts(
    fresh_home: Path, depth: int, sigma: float, setting: str, head: str
) -> None:
    """Also where it was trained on scaled inputs and labels (eq. 9)."""
    config = dataclasses.replace(TINY, setting=setting, input_sigma=sigma, head=head, restarts=2)
    found = pretrained(config, depth=depth)
    scaled, y, tasks = module._pretraining_data(config, 0, low_sample=False)
    x = sigma * scaled
    truth = true_representation(config, 0)
    torch.testing.assert_close(y, tasks(truth(x.flatten(0, 1)).view(4, 40, -1)))
    h = found.network(x.flatten(0, 1)).view(4, 40, -1)
    error = ((tasks(h) - y).square().mean() / y.var()).item()
    assert error == pytest.approx(min(found.losses), rel=1e-3)


@pytest.mark.parametrize("depth", [2, 8])
def test_training_comes_close_to_the_truth(fresh_home: Path, depth: int) -> None:
    """Far below 1, the error of the best constant."""
    old = dataclasses.replace(TINY, representation_batch=80)
    found = pretrained(dataclasses.replace(old, representation_epochs=200), depth=depth)
    errors = [error for _, error in found.curve]
    assert errors[-1] < 0.1
    assert errors[-1] < 0.5 * errors[0]


def test_a_curve_ends_at_the_last_epoch_and_progress_is_told(fresh_home: Path) -> None:
    told = []
    config = dataclasses.replace(TINY, representation_epochs=101, pretraining_samples=2)
    found = pretrained_representation(
        config, 0, 2, low_sample=False, progress=lambda *what: told.append(what)
    )
    epochs = [epoch for epoch, _ in found.curve]
    assert epochs == [*range(2, 101, 2), 101]
    assert told == [("pretraining a 2-layer representation", epoch, 101) for epoch in epochs]


def test_a_trained_representation_is_read_not_trained_again(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = pretrained()
    monkeypatch.setattr(module, "_train", None)
    assert same(pretrained(), first)


@pytest.mark.parametrize("left", [0, 5, 200, -1])
def test_a_damaged_entry_is_trained_again(fresh_home: Path, left: int) -> None:
    first = pretrained()
    [entry] = entries(fresh_home)
    whole = entry.read_bytes()
    entry.write_bytes(whole[:left])
    assert same(pretrained(), first)
    assert entry.read_bytes() == whole


@pytest.mark.parametrize(
    "other",
    [
        {"input_dimension": 7},
        {"width": 15},
        {"input_sigma": 400.0},
        {"true_depth": 4},
        {"representation_epochs": 11},
        {"representation_batch": 40},
        {"representation_rate": 2e-2},
        {"representation_optimizer": "adamw"},
        {"task_order": "sequential"},
        {"final_activation": "none"},
        {"task_distribution": "normal"},
        {"setting": "notebook"},
        {"setting": "0.3"},
        {"pretraining_tasks": 5},
        {"pretraining_samples": 41},
        {"head": "mlp"},
    ],
)
def test_a_setting_that_training_depends_on_makes_another_representation(
    fresh_home: Path, other: dict
) -> None:
    first, second = pretrained(), pretrained(dataclasses.replace(TINY, **other))
    assert first.curve != second.curve
    assert len(entries(fresh_home)) == 2


def test_restarts_are_told_apart_by_training_loss_alone(fresh_home: Path) -> None:
    """More restarts are the same descents and others; the least training loss is kept."""
    few, many = (pretrained(dataclasses.replace(TINY, restarts=n)) for n in (2, 5))
    assert many.losses[:2] == few.losses
    assert len(set(many.losses)) == 5
    for found in (few, many):
        x, y, tasks = module._pretraining_data(TINY, 0, low_sample=False)
        h = found.network(TINY.input_sigma * x.flatten(0, 1)).view(4, 40, -1)
        error = ((tasks(h) - y).square().mean() / y.var()).item()
        assert error == pytest.approx(min(found.losses), rel=1e-3)


def test_every_representation_ends_in_relu_or_none_does(fresh_home: Path) -> None:
    for activation in ("relu", "none"):
        config = dataclasses.replace(TINY, final_activation=activation)
        networks = [true_representation(config, 0), pretrained(config).network]
        outputs = torch.stack([network(torch.randn(50, 8)) for network in networks])
        assert (outputs >= 0).all() == (activation == "relu")


def test_the_true_representation_of_both_is_the_same_but_for_its_end() -> None:
    one, two = (
        true_representation(dataclasses.replace(TINY, final_activation=activation), 0)
        for activation in ("relu", "none")
    )
    x = torch.randn(50, 8)
    assert torch.equal(one(x), two(x).relu())


def test_seed_depth_and_few_samples_make_other_representations(fresh_home: Path) -> None:
    found = [pretrained(), pretrained(seed=1), pretrained(depth=3), pretrained(low_sample=True)]
    assert len({found.curve[-1] for found in found}) == len(entries(fresh_home)) == 4


@pytest.mark.parametrize(
    "other",
    [
        {"head": "adamw"},
        {"finetuning_tasks": 3},
        {"head_epochs": 3},
        {"weak_sigma": 3.0},
        {"task_span": 0.5},
    ],
)
def test_a_setting_that_comes_after_training_does_not_train_again(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch, other: dict
) -> None:
    first = pretrained()
    monkeypatch.setattr(module, "_train", None)
    assert same(pretrained(dataclasses.replace(TINY, **other)), first)


def test_few_samples_are_their_own_number_of_tasks_and_samples(fresh_home: Path) -> None:
    fewer = dataclasses.replace(TINY, low_tasks=3)
    assert not same(pretrained(low_sample=True), pretrained(fewer, low_sample=True))
    assert same(pretrained(), pretrained(fewer))
    as_low = dataclasses.replace(TINY, pretraining_tasks=2, pretraining_samples=10)
    assert same(pretrained(low_sample=True), pretrained(as_low))


def test_an_integer_for_a_real_setting_is_the_same_setting(fresh_home: Path) -> None:
    pretrained()
    pretrained(dataclasses.replace(TINY, input_sigma=500))
    assert len(entries(fresh_home)) == 1


def test_training_is_a_function_of_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for home, unrelated in (("one", 1), ("two", 2)):
        monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / home))
        torch.manual_seed(unrelated)
        before = torch.get_rng_state()
        found.append(pretrained())
        assert torch.equal(torch.get_rng_state(), before)
    assert same(*found)


def test_a_home_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot write"):
        pretrained()


@pytest.mark.timeout(20)
def test_an_interrupted_training_can_be_asked_for_again_in_the_same_process(
    fresh_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook keeps the traceback, and with it everything the training held."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt) as kept:
        patched.setattr(module, "_train", interrupt)
        pretrained()
    assert pretrained().curve
    assert kept
