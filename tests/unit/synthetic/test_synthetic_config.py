import tomllib
from dataclasses import asdict, fields, replace

import pytest
import tomli_w

from w2s_mol.errors import InputError
from w2s_mol.synthetic.config import ALL, EXPERIMENTS, SyntheticConfig
from w2s_mol.synthetic.settings import SETTINGS, Recipe

DEFAULTS = {**{f.name: f.default for f in fields(SyntheticConfig)}, **asdict(SETTINGS["paper"])}
NUMBERS = [name for name, value in DEFAULTS.items() if isinstance(value, int | float)]
REAL = [name for name, value in DEFAULTS.items() if isinstance(value, float)]
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
    config = SyntheticConfig(
        experiment=("realizable",), seeds=(0, 5), head="mlp", width=3, setting="0.3", restarts=7
    )
    again = SyntheticConfig(**tomllib.loads(tomli_w.dumps(config.as_toml())))
    assert again.as_toml() == config.as_toml()
    assert again.chosen() == config.chosen()


def test_the_default_has_the_notebooks_representations_and_tasks_and_the_descent_of_0_3() -> None:
    default, notebook, old = (
        asdict(SyntheticConfig(setting=name).recipe) for name in ("paper", "notebook", "0.3")
    )
    assert SyntheticConfig().recipe == SETTINGS["paper"]
    assert default.pop("restarts") > old["restarts"] == notebook["restarts"] == 1
    for name, value in default.items():
        of = notebook if name in ("final_activation", "task_distribution") else old
        assert value == of[name]


def test_the_notebooks_setting_is_the_notebooks() -> None:
    assert SETTINGS["notebook"] == Recipe(
        final_activation="relu",
        task_distribution="default",
        task_order="sequential",
        representation_optimizer="adamw",
        representation_epochs=1000,
        representation_batch=32,
        representation_rate=1e-3,
        restarts=1,
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_says_what_is_not_given(name: str) -> None:
    assert SyntheticConfig(setting=name).recipe == SETTINGS[name]
    some = SyntheticConfig(setting=name, restarts=9, final_activation="relu")
    assert some.recipe == replace(SETTINGS[name], restarts=9, final_activation="relu")


def test_every_field_of_a_recipe_is_an_option() -> None:
    options = {field.name for field in fields(SyntheticConfig)}
    assert {field.name for field in fields(Recipe)} < options
    for name, value in asdict(SETTINGS["0.3"]).items():
        assert getattr(SyntheticConfig(**{name: value}).recipe, name) == value


def test_chosen_is_what_neither_the_default_nor_the_setting_says() -> None:
    assert SyntheticConfig().chosen() == {}
    assert SyntheticConfig(setting="0.3").chosen() == {"setting": "0.3"}
    assert SyntheticConfig(setting="0.3", restarts=1).chosen() == {"setting": "0.3"}
    assert SyntheticConfig(restarts=1, width=3).chosen() == {"restarts": 1, "width": 3}
    given = SyntheticConfig(setting="0.3", restarts=2, task_span=0.5).chosen()
    assert given == {"setting": "0.3", "restarts": 2, "task_span": 0.5}


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
        ({"setting": "0.2"}, "unknown setting '0.2'"),
        ({"task_span": 1.5}, "task_span is 1.5. It should be 0 to 1"),
        ({"task_span": 0.5, "head": "mlp"}, "task_span is for linear tasks"),
        ({"task_span": 0.5, "pretraining_tasks": 16}, "16 pretraining tasks span all of the 16"),
        ({"experiment": ()}, "at least one experiment"),
        ({"seeds": ()}, "one seed"),
        ({"seeds": (0, -1)}, "seeds is -1"),
    ],
)
def test_wrong_settings_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        SyntheticConfig(**wrong)
