"""What the synthetic experiments are, every constant of theirs, and its option."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.option import Option
from w2s_mol.settings_check import Count, NotNegative, Positive, Seed, checked

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

_DATA = "The data and the true representation"
_PRETRAINING = "Representations"
_HEADS = "Heads of --head adamw and mlp"


@dataclass(frozen=True)
class SyntheticConfig:
    """The settings of the synthetic experiments; the defaults are the paper's.

    Every field is an option of ``w2s-mol synthetic``, whose help it has.

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

    experiment: Annotated[
        tuple[str, ...],
        Option(
            short="-e",
            metavar="NAME",
            help="realizable, pretraining, perturbation (the paper's figures 2a, 2b, 2c), "
            "strong-to-weak-pretraining, strong-to-weak-perturbation, low-sample (3a, 3b, 3c), or "
            "all. Repeatable.",
        ),
    ] = (ALL,)
    head: Annotated[
        HeadRule,
        Option(
            help="exact: least squares; adamw: the paper's descent; mlp: tasks and heads are small "
            "MLPs, a class that is not convex."
        ),
    ] = "exact"
    seeds: Annotated[
        tuple[Seed, ...],
        Option(long="--seed", help="A whole repetition for each. Repeatable."),
    ] = (0,)
    input_dimension: Annotated[Count, Option("Of x.", _DATA)] = 8
    width: Annotated[Count, Option("Of hidden layers and representations.", _DATA)] = 16
    input_sigma: Annotated[Positive, Option("x ~ N(0, sigma^2 I).", _DATA)] = 500.0
    true_depth: Annotated[Count, Option("Layers of h*.", _DATA)] = 5
    weak_depth: Annotated[Count, Option("Layers of the shallow representation.", _PRETRAINING)] = 2
    strong_depth: Annotated[Count, Option("Layers of the deep one.", _PRETRAINING)] = 8
    pretraining_tasks: Annotated[Count, Option("T.", _PRETRAINING, short="-T")] = 10
    pretraining_samples: Annotated[Count, Option("N_r, of each task.", _PRETRAINING)] = 2000
    low_tasks: Annotated[Count, Option("T of low-sample.", _PRETRAINING)] = 5
    low_samples: Annotated[Count, Option("N_r of low-sample.", _PRETRAINING)] = 250
    finetuning_tasks: Annotated[Count, Option("M.", _DATA, short="-M")] = 100
    finetuning_samples: Annotated[Count, Option("N_f.", _DATA)] = 2000
    weak_sigma: Annotated[
        NotNegative, Option("Noise on the weights of h*, rough.", _PRETRAINING)
    ] = 0.05
    strong_sigma: Annotated[
        NotNegative, Option("Noise on the weights of h*, fine.", _PRETRAINING)
    ] = 0.01
    representation_epochs: Annotated[Count, Option("Of gradient descent.", _PRETRAINING)] = 1500
    representation_batch: Annotated[
        Count, Option("Samples a step, of all tasks.", _PRETRAINING)
    ] = 500
    representation_rate: Annotated[
        Positive, Option("Adam's first learning rate.", _PRETRAINING)
    ] = 1e-2
    head_epochs: Annotated[Count, Option("Of AdamW's descent.", _HEADS)] = 1000
    head_batch: Annotated[Count, Option("Samples a step, of each task.", _HEADS)] = 32
    head_rate: Annotated[Positive, Option("AdamW's learning rate.", _HEADS)] = 1e-3
    head_width: Annotated[Count, Option("Hidden units of mlp tasks and heads.", _HEADS)] = 32

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)
        for name in ("experiment", "seeds"):
            object.__setattr__(self, name, tuple(dict.fromkeys(getattr(self, name))))
        for name in self.experiment:
            if name not in EXPERIMENTS and name != ALL:
                raise unknown_name("experiment", name, [*EXPERIMENTS, ALL])
        if not self.experiment or not self.seeds:
            raise InputError("at least one experiment and one seed are needed.")
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
