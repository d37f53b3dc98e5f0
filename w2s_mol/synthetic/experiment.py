"""One experiment and seed: representations -> weak heads -> weak supervision -> quantities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from w2s_mol._version import __version__
from w2s_mol.progress import Progress
from w2s_mol.synthetic.config import EXPERIMENTS, Source, SyntheticConfig
from w2s_mol.synthetic.networks import (
    Mlp,
    generator_for,
    perturbed,
    random_tasks,
    with_share_in_span,
)
from w2s_mol.synthetic.representations import (
    pretrained_representation,
    pretraining_tasks,
    true_representation,
)
from w2s_mol.synthetic.task_heads import head_fitter
from w2s_mol.tasks.contract import Predicted
from w2s_mol.tasks.registry import REGRESSION

SYNTHETIC_FORMAT = 3
"""Raised when the same settings no longer give the same results; part of every run's id.

1: up to 0.3. 2: the same numbers, but for their last digits on several cores. 3: the setting of
the paper's notebook is the default; descents are computed otherwise, so that they part by rounding.
"""

SYNTHETIC_COLUMNS = (
    "experiment",
    "panel",
    "seed",
    "task",
    "weak",
    "strong",
    "head",
    "n",
    *REGRESSION.names(),
    "study",
    "w2s_mol",
)

_CURVE_TYPES = {
    "experiment": "str",
    "seed": "int64",
    "role": "str",
    "epoch": "int64",
    "relative_error": "float64",
}


@dataclass(frozen=True)
class _Representation:
    what: str
    network: Mlp
    curve: list[tuple[int, float]]


def run_experiment(
    config: SyntheticConfig, name: str, seed: int, study: str, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run one experiment with one seed.

    Returns
    -------
    results
        One row a finetuning task; columns in ``SYNTHETIC_COLUMNS``.
    curves
        The learning curves of the pretrained representations: experiment, seed, role, epoch,
        relative_error.
    """
    experiment = EXPERIMENTS[name]
    weak = _representation(config, seed, experiment.weak, experiment.low_sample, progress)
    strong = _representation(config, seed, experiment.strong, experiment.low_sample, progress)
    truth, weak_predictions, w2s, ceiling = _predictions(
        config, seed, weak.network, strong.network, experiment.low_sample
    )
    rows = [
        {
            "experiment": name,
            "panel": experiment.panel,
            "seed": seed,
            "task": task,
            "weak": weak.what,
            "strong": strong.what,
            "head": config.head,
            "n": truth.shape[1],
            **REGRESSION.measured(
                Predicted(truth[task], weak_predictions[task], w2s[task], ceiling[task])
            ),
            "study": study,
            "w2s_mol": __version__,
        }
        for task in range(len(truth))
    ]
    curves = [
        {"experiment": name, "seed": seed, "role": role, "epoch": epoch, "relative_error": error}
        for role, found in (("weak", weak), ("strong", strong))
        for epoch, error in found.curve
    ]
    return (
        pd.DataFrame(rows, columns=list(SYNTHETIC_COLUMNS)),
        pd.DataFrame(curves, columns=list(_CURVE_TYPES)).astype(_CURVE_TYPES),
    )


def _representation(
    config: SyntheticConfig, seed: int, source: Source, low_sample: bool, progress: Progress
) -> _Representation:
    truth = true_representation(config, seed)
    if source == "true":
        return _Representation("h*", truth, [])
    if source in ("rough", "fine"):
        sigma = config.weak_sigma if source == "rough" else config.strong_sigma
        noisy = perturbed(truth, sigma, generator_for(seed, "noise", source))
        return _Representation(f"h* + noise {sigma:g}", noisy, [])
    depth = config.weak_depth if source == "shallow" else config.strong_depth
    found = pretrained_representation(config, seed, depth, low_sample=low_sample, progress=progress)
    return _Representation(f"{depth}-layer MLP", found.network, found.curve)


def _predictions(
    config: SyntheticConfig, seed: int, weak: Mlp, strong: Mlp, low_sample: bool
) -> tuple[NDArray[np.float64], ...]:
    """Return truth and predictions of weak, weak-to-strong and ceiling, each (tasks, samples).

    Tasks, samples and h* depend on the seed alone, so that experiments can be compared (tasks with
    a share in the span of the pretraining tasks on these too).
    """
    m, n, d = config.finetuning_tasks, config.finetuning_samples, config.input_dimension
    generator = generator_for(seed, "finetuning", m, n)
    kind, distribution = config.finetuning_class, config.recipe.task_distribution
    tasks = random_tasks(kind, distribution, m, config.width, config.head_width, generator)
    tasks = tasks.to(torch.float64)
    if config.task_span is not None:
        seen = pretraining_tasks(config, seed, low_sample=low_sample)
        tasks = with_share_in_span(tasks, seen, config.task_span)
    truth, weak, strong = (f.double() for f in (true_representation(config, seed), weak, strong))
    fit = head_fitter(config, seed)

    def inputs() -> torch.Tensor:
        x = torch.randn(m * n, d, generator=generator, dtype=torch.float64)
        return config.input_sigma * x

    def features(network: Mlp, x: torch.Tensor) -> NDArray[np.float64]:
        return network(x).view(m, n, -1).numpy()

    def labels(x: torch.Tensor) -> NDArray[np.float64]:
        return tasks(truth(x).view(m, n, -1)).numpy()

    x = inputs()
    weak_heads = fit(features(weak, x), labels(x))
    x = inputs()
    strong_features = features(strong, x)
    students = fit(strong_features, weak_heads(features(weak, x)))
    ceilings = fit(strong_features, labels(x))
    x = inputs()
    strong_features = features(strong, x)
    return (
        labels(x),
        weak_heads(features(weak, x)),
        students(strong_features),
        ceilings(strong_features),
    )
