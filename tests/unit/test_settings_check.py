from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
import pytest

from w2s_mol import run_study
from w2s_mol.errors import InputError
from w2s_mol.settings_check import Count, NotNegative, OneOf, Positive, Seed, checked, made
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig
from w2s_mol.synthetic.run import run_synthetic


@dataclass(frozen=True)
class Settings:
    names: tuple[str, ...]
    seed: Seed = 0
    seeds: tuple[Seed, ...] = (0,)
    count: Count = 1
    rate: Positive = 1.0
    sigma: NotNegative = 0.0
    rule: Literal["one", "two"] = "one"
    kind: Annotated[str, OneOf(("first", "second"))] = "first"
    column: str | None = None
    shuffle: bool = False


def test_what_fits_is_kept_and_made_the_type_it_should_be() -> None:
    given: dict[str, Any] = {
        "names": [Path("a/b"), "c"],
        "seed": np.int64(2**63 - 1),
        "seeds": 7,
        "rate": 2,
        "shuffle": np.True_,
    }
    found = checked(made(Settings, given))
    assert found == {
        "names": ("a/b", "c"),
        "seed": 2**63 - 1,
        "seeds": (7,),
        "count": 1,
        "rate": 2.0,
        "sigma": 0.0,
        "rule": "one",
        "kind": "first",
        "column": None,
        "shuffle": True,
    }
    assert [type(found[name]) for name in ("seed", "rate", "shuffle")] == [int, float, bool]
    assert checked(Settings("one"))["names"] == ("one",)
    assert checked(Settings(Path("one")))["names"] == ("one",)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"names": pd.DataFrame({"a": [1]})}, r"names is .* a DataFrame.*a list or a tuple"),
        ({"names": {"a", "b"}}, r"names is .* a set.*a list or a tuple"),
        ({"names": None}, "names is .*None.*a list or a tuple"),
        ({"names": [1]}, "names is 1. It should be a text"),
        ({"names": "a\udcff"}, "UTF-8"),
        ({"seed": 1.0}, "seed is 1.0. It should be a whole number"),
        ({"seed": True}, "seed is True. It should be a whole number"),
        ({"seed": "1"}, "seed is '1', a text. It should be a whole number"),
        ({"seed": -1}, r"seed is -1\. It should be 0 or more, and less than 2\^63"),
        ({"seed": 2**63}, r"seed is 9223372036854775808\. .*less than 2\^63"),
        ({"seeds": (0, -1)}, "seeds is -1"),
        ({"seeds": (0, 0.5)}, "seeds is 0.5"),
        ({"count": 0}, "count is 0. It should be more than 0"),
        ({"count": 2**31}, r"count is 2147483648. .* less than 2\^31"),
        ({"rate": float("nan")}, "rate is nan. It should be finite"),
        ({"rate": float("inf")}, "rate is inf"),
        ({"rate": 0}, "rate is 0.0. It should be more than 0"),
        ({"sigma": -0.1}, "sigma is -0.1. It should be 0 or more"),
        ({"rate": "fast"}, "rate is 'fast', a text. It should be a number"),
        ({"rule": "tow"}, "unknown rule 'tow'. Did you mean 'two'"),
        ({"rule": 2}, "rule is 2. It should be one of: one, two"),
        ({"kind": "secnod"}, "unknown kind 'secnod'. Did you mean 'second'"),
        ({"kind": 2}, "kind is 2. It should be a text"),
        ({"column": 3}, "column is 3. It should be a text"),
        ({"shuffle": 1}, "shuffle is 1. It should be True or False"),
        ({"shuffle": "no"}, "shuffle is 'no'"),
        ({"sede": 1}, "unknown setting 'sede'. Did you mean 'seed'"),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected(given, said: str) -> None:
    with pytest.raises(InputError, match=f"(?s){said}") as caught:
        checked(made(Settings, {"names": "a", **given}))
    assert "\n" not in str(caught.value)


def test_a_setting_without_a_default_is_needed() -> None:
    with pytest.raises(InputError, match="no names is given"):
        made(Settings, {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 1.0},
        {"seed": 2**70},
        {"split_seeds": (0.5,)},
        {"pooling": "max"},
        {"dataset": pd.DataFrame({"smiles": ["C"]})},
        {"head_epochs": True},
        {"shuffle_weak_labels": "no"},
        {"protcol": "paper"},
        {"unit": None},
        {"device": 3},
        {"output_dir": 3},
        {"offline": "no"},
        {"config": {"dataset": "esol"}},
    ],
    ids=lambda wrong: min(wrong),
)
def test_a_study_is_refused_before_it_begins(wrong: dict) -> None:
    given = wrong if "config" in wrong else {"dataset": "computed-logp", "strong": "ecfp", **wrong}
    with pytest.raises(InputError, match=min(wrong)):
        run_study(**given)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seeds": 1.5},
        {"seeds": None},
        {"width": 2.0},
        {"width": 10**12},
        {"input_sigma": float("nan")},
        {"experiment": 3},
        {"hed": "exact"},
        {"output_dir": ["a"]},
        {"config": "all"},
    ],
    ids=lambda wrong: min(wrong),
)
def test_synthetic_experiments_are_refused_before_they_begin(wrong: dict) -> None:
    with pytest.raises(InputError, match=min(wrong)):
        run_synthetic(**wrong)


def test_the_defaults_fit() -> None:
    assert StudyConfig(dataset="a") == StudyConfig(dataset=("a",))
    assert SyntheticConfig(weak_sigma=1).weak_sigma == 1.0
