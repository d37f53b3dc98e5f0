"""What the synthetic experiments are, and every constant of theirs."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal

from w2s_mol.errors import InputError, unknown_name

ALL = "all"
HeadRule = Literal["exact", "adamw", "mlp"]
Source = Literal["true", "shallow", "deep", "rough", "fine"]
"""Where a representation comes from: h* itself; an MLP of ``weak_depth`` or ``strong_depth``
layers pretrained on tasks; or h* with noise of ``weak_sigma`` or ``strong_sigma``."""


@dataclass(frozen=True)
class Experiment:
    """One panel of the paper's figures.

    Attributes
    ----------
    panel
        Its letter in the paper's figures 2 and 3.
    title
        What it is called there.
    weak, strong
        Where the two representations come from.
    low_sample
        Whether they are pretrained on few tasks and samples.
    """

    panel: str
    title: str
    weak: Source
    strong: Source
    low_sample: bool = False


EXPERIMENTS = {
    "realizable": Experiment("2a", "Realizable (pretraining)", "shallow", "true"),
    "pretraining": Experiment("2b", "Non-realizable (pretraining)", "shallow", "deep"),
    "perturbation": Experiment("2c", "Non-realizable (perturbation)", "rough", "fine"),
    "strong-to-weak-pretraining": Experiment(
        "3a", "Strong to weak (pretraining)", "deep", "shallow"
    ),
    "strong-to-weak-perturbation": Experiment(
        "3b", "Strong to weak (perturbation)", "fine", "rough"
    ),
    "low-sample": Experiment("3c", "Few samples (pretraining)", "shallow", "deep", low_sample=True),
}


_REAL = ("input_sigma", "weak_sigma", "strong_sigma", "representation_rate", "head_rate")
_MAY_BE_ZERO = ("weak_sigma", "strong_sigma")


@dataclass(frozen=True)
class SyntheticConfig:
    """The settings of the synthetic experiments; the defaults are the paper's.

    Attributes
    ----------
    experiment
        Names in ``EXPERIMENTS``, or ``all``.
    head
        ``exact`` (least squares), ``adamw`` (the paper's way), or ``mlp``: tasks and heads are
        small MLPs, not a convex set (appendix C), and heads are fitted by AdamW.
    seeds
        One whole repetition each: h*, tasks, data, initial weights.
    input_dimension, width, input_sigma
        x ~ N(0, ``input_sigma``^2 I) in ``input_dimension``; hidden layers and representations
        have ``width`` units.
    true_depth, weak_depth, strong_depth
        Layers of h*, and of the pretrained representations.
    pretraining_tasks, pretraining_samples
        T and N_r, the samples of each task.
    low_tasks, low_samples
        T and N_r of ``low-sample``.
    finetuning_tasks, finetuning_samples
        M and N_f, the samples of each task for the weak head, again for the strong head, and
        again for the evaluation.
    weak_sigma, strong_sigma
        Standard deviations of the noise on the weights of h*.
    representation_epochs, representation_batch, representation_rate
        Of the gradient descent (Adam, cosine schedule) that pretrains a representation.
    head_epochs, head_batch, head_rate, head_width
        Of AdamW heads, and the hidden units of ``mlp`` tasks and heads.
    """

    experiment: tuple[str, ...] = (ALL,)
    head: HeadRule = "exact"
    seeds: tuple[int, ...] = (0,)
    input_dimension: int = 8
    width: int = 16
    input_sigma: float = 500.0
    true_depth: int = 5
    weak_depth: int = 2
    strong_depth: int = 8
    pretraining_tasks: int = 10
    pretraining_samples: int = 2000
    low_tasks: int = 5
    low_samples: int = 250
    finetuning_tasks: int = 100
    finetuning_samples: int = 2000
    weak_sigma: float = 0.05
    strong_sigma: float = 0.01
    representation_epochs: int = 1500
    representation_batch: int = 500
    representation_rate: float = 1e-2
    head_epochs: int = 1000
    head_batch: int = 32
    head_rate: float = 1e-3
    head_width: int = 32

    def __post_init__(self) -> None:
        for name in ("experiment", "seeds"):
            value = getattr(self, name)
            several = (value,) if isinstance(value, str | int) else value
            object.__setattr__(self, name, tuple(dict.fromkeys(several)))
        for name in self.experiment:
            if name not in EXPERIMENTS and name != ALL:
                raise unknown_name("experiment", name, [*EXPERIMENTS, ALL])
        if self.head not in ("exact", "adamw", "mlp"):
            raise unknown_name("head", self.head, ["exact", "adamw", "mlp"])
        if not self.experiment or not self.seeds:
            raise InputError("at least one experiment and one seed are needed.")
        _check_seeds(self.seeds)
        for field in fields(self):
            _check_number(field.name, getattr(self, field.name))
        for name in _REAL:
            object.__setattr__(self, name, float(getattr(self, name)))
        if min(self.pretraining_samples, self.low_samples, self.finetuning_samples) < 2:
            raise InputError("a task needs at least 2 samples.")

    @property
    def experiments(self) -> list[str]:
        """The names asked for, each once, in the order of the paper's panels."""
        return [name for name in EXPERIMENTS if ALL in self.experiment or name in self.experiment]

    @property
    def finetuning_class(self) -> Literal["linear", "mlp"]:
        """The class that tasks and heads are from."""
        return "mlp" if self.head == "mlp" else "linear"

    def as_toml(self) -> dict[str, Any]:
        """Return the settings as TOML holds them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}

    def chosen(self) -> dict[str, Any]:
        """Return those of them that are not the defaults."""
        defaults = {field.name: field.default for field in fields(self)}
        return {n: v for n, v in self.as_toml().items() if getattr(self, n) != defaults[n]}


def _check_seeds(seeds: tuple[int, ...]) -> None:
    for seed in seeds:
        if not 0 <= seed < 2**63:
            raise InputError(f"seed is {seed}. It should be 0 or more, and less than 2^63.")


def _check_number(name: str, value: Any) -> None:
    if not isinstance(value, int | float):
        return
    if name not in _REAL and not isinstance(value, int):
        raise InputError(f"{name} is {value}. It should be a whole number.")
    if not math.isfinite(value) or value < 0 or (value == 0 and name not in _MAY_BE_ZERO):
        least = "0 or more" if name in _MAY_BE_ZERO else "more than 0"
        raise InputError(f"{name} is {value}. It should be {least}.")
