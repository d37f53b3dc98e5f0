"""What the synthetic experiments are, every constant of theirs, and its option."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any, Literal

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.option import Option
from w2s_mol.settings_check import Count, NotNegative, Positive, Range, Seed, checked
from w2s_mol.synthetic.settings import (
    SETTINGS,
    FinalActivation,
    Optimizer,
    Recipe,
    SettingName,
    TaskDistribution,
    TaskOrder,
)

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

_DATA = "The data, the true representation and the tasks"
_PRETRAINING = "Representations"
_OPEN = "What the paper's text leaves open; by default as --setting says"
_HEADS = "Heads of --head adamw and mlp"


@dataclass(frozen=True)
class SyntheticConfig:
    """The settings of the synthetic experiments; the defaults are the paper's.

    Every field is an option of ``w2s-mol synthetic``, whose help it has. Fields of ``Recipe`` that
    are None are as ``setting`` says; ``recipe`` has them all.

    Attributes
    ----------
    experiment
        Names in ``EXPERIMENTS``, or ``all``.
    head
        ``exact`` (least squares), ``adamw`` (the paper's way), or ``mlp``: tasks and heads are
        small MLPs, not a convex set (appendix C), and heads are fitted by AdamW.
    seeds
        One whole repetition each: h*, tasks, data, initial weights.
    setting
        The name in ``SETTINGS`` that says what is not given of ``Recipe``'s fields.
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
    task_span
        The share of a finetuning task's squared weights in the span of the pretraining tasks'
        weights; None as drawn.
    final_activation, task_distribution, task_order, representation_optimizer
        As in ``Recipe``.
    representation_epochs, representation_batch, representation_rate, restarts
        As in ``Recipe``.
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
    setting: Annotated[
        SettingName,
        Option(
            help="What is not given of the options below: notebook, as in the code that the "
            "paper's authors released; paper, the same but for a descent that trains better; 0.3, "
            "as up to version 0.3 of this program."
        ),
    ] = "paper"
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
    task_span: Annotated[
        float | None,
        Range(0, 1),
        Option(
            "The share of a finetuning task (of its squared weights) in the span of the "
            "pretraining tasks. Default: as drawn.",
            _DATA,
        ),
    ] = None
    final_activation: Annotated[
        FinalActivation | None,
        Option("After the last layer of every representation, h* too.", _OPEN),
    ] = None
    task_distribution: Annotated[
        TaskDistribution | None,
        Option("Weights N(0, 1) without intercept, or PyTorch's default linear layers.", _OPEN),
    ] = None
    task_order: Annotated[
        TaskOrder | None, Option("Of the pretraining tasks in an epoch.", _OPEN)
    ] = None
    representation_optimizer: Annotated[
        Optimizer | None,
        Option(
            "adam: on x / sigma, from He initialisation, the rate falling along a cosine; adamw: "
            "on x, from PyTorch's default initialisation, at one rate.",
            _OPEN,
        ),
    ] = None
    representation_epochs: Annotated[Count | None, Option("Of that descent.", _OPEN)] = None
    representation_batch: Annotated[
        Count | None, Option("Samples a step (together: of all tasks).", _OPEN)
    ] = None
    representation_rate: Annotated[Positive | None, Option("Its (first) learning rate.", _OPEN)] = (
        None
    )
    restarts: Annotated[
        Count | None,
        Option("Descents, of which that of the least training loss is kept.", _OPEN),
    ] = None
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
        if self.task_span is not None:
            self._check_span()

    def _check_span(self) -> None:
        if self.head == "mlp":
            raise InputError("task_span is for linear tasks. Leave it out with --head mlp.")
        tasks = max(self.pretraining_tasks, self.low_tasks)
        if tasks >= self.width:
            raise InputError(
                f"{tasks} pretraining tasks span all of the {self.width} dimensions, so that no "
                "share of a task lies outside. Leave task_span out, or pretrain on fewer tasks."
            )

    @property
    def experiments(self) -> list[str]:
        """The names asked for, each once, in the order of the paper's panels."""
        return [name for name in EXPERIMENTS if ALL in self.experiment or name in self.experiment]

    @property
    def finetuning_class(self) -> Literal["linear", "mlp"]:
        """The class that tasks and heads are from."""
        return "mlp" if self.head == "mlp" else "linear"

    @property
    def recipe(self) -> Recipe:
        """What the paper's text leaves open: as given, else as the setting says."""
        given = {name: getattr(self, name) for name in _RECIPE}
        return replace(SETTINGS[self.setting], **{n: v for n, v in given.items() if v is not None})

    def as_toml(self) -> dict[str, Any]:
        """Return the settings as TOML holds them, what the setting says among them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= asdict(self.recipe)
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    def chosen(self) -> dict[str, Any]:
        """Return those of them that are neither the defaults nor as the setting says."""
        plain = SyntheticConfig(setting=self.setting).as_toml()
        chosen = {n: v for n, v in self.as_toml().items() if n not in plain or v != plain[n]}
        said = {} if self.setting == SyntheticConfig.setting else {"setting": self.setting}
        return {**said, **chosen}


_RECIPE = tuple(field.name for field in fields(Recipe))
