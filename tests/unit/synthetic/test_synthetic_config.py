import tomllib
from dataclasses import fields

import pytest
import tomli_w

from w2s_mol.errors import InputError
from w2s_mol.synthetic.config import ALL, EXPERIMENTS, SyntheticConfig

NUMBERS = [f.name for f in fields(SyntheticConfig) if isinstance(f.default, int | float)]
REAL = [f.name for f in fields(SyntheticConfig) if isinstance(f.default, float)]
SIGMAS = ["weak_sigma", "strong_sigma"]


def test_the_defaults_are_the_papers() -> None:
    config = SyntheticConfig()
    assert (config.input_dimension, config.width, config.input_sigma) == (8, 16, 500)
    assert (config.true_depth, config.weak_depth, config.strong_depth) == (5, 2, 8)
    assert (config.pretraining_tasks, config.pretraining_samples) == (10, 2000)
    assert (config.low_tasks, config.low_samples) == (5, 250)
    assert (config.finetuning_tasks, config.finetuning_samples) == (100, 2000)
    assert (config.weak_sigma, config.strong_sigma) == (0.05, 0.01)


def test_all_is_every_panel_of_the_papers_two_figures() -> None:
    panels = [EXPERIMENTS[name].panel for name in SyntheticConfig().experiments]
    assert panels == ["2a", "2b", "2c", "3a", "3b", "3c"]


def test_experiments_come_once_and_in_the_papers_order() -> None:
    config = SyntheticConfig(experiment=("low-sample", "realizable", "low-sample"))
    assert config.experiments == ["realizable", "low-sample"]
    assert SyntheticConfig(experiment=("realizable", ALL)).experiments == list(EXPERIMENTS)


def test_one_experiment_and_one_seed_need_no_tuple() -> None:
    expected = SyntheticConfig(experiment=("realizable",), seeds=(3,))
    assert SyntheticConfig(experiment="realizable", seeds=3) == expected


def test_a_seed_given_twice_counts_once() -> None:
    assert SyntheticConfig(seeds=(1, 0, 1)).seeds == (1, 0)


def test_tasks_are_mlps_only_where_the_heads_are() -> None:
    found = {
        head: SyntheticConfig(head=head).finetuning_class for head in ("exact", "adamw", "mlp")
    }
    assert found == {"exact": "linear", "adamw": "linear", "mlp": "mlp"}


def test_settings_survive_toml() -> None:
    config = SyntheticConfig(experiment=("realizable",), seeds=(0, 5), head="mlp", width=3)
    assert SyntheticConfig(**tomllib.loads(tomli_w.dumps(config.as_toml()))) == config


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_what_is_negative_or_no_number_is_refused(name: str, wrong: float) -> None:
    with pytest.raises(InputError, match=f"{name} is {wrong}"):
        SyntheticConfig(**{name: wrong})


@pytest.mark.parametrize("name", REAL)
def test_infinity_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is inf"):
        SyntheticConfig(**{name: float("inf")})


@pytest.mark.parametrize("name", [n for n in NUMBERS if n not in SIGMAS])
def test_zero_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is 0"):
        SyntheticConfig(**{name: 0})


@pytest.mark.parametrize("name", SIGMAS)
def test_noise_may_be_none(name: str) -> None:
    assert getattr(SyntheticConfig(**{name: 0}), name) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"experiment": "realisable"},
            "unknown experiment 'realisable'. Did you mean 'realizable'",
        ),
        ({"experiment": ("realizable", "low")}, "unknown experiment 'low'"),
        ({"head": "exct"}, "unknown head 'exct'. Did you mean 'exact'"),
        ({"experiment": ()}, "at least one experiment"),
        ({"seeds": ()}, "one seed"),
        ({"seeds": (0, -1)}, "seeds is -1"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SyntheticConfig(**wrong)
