"""Named settings of the synthetic experiments: the paper's, its notebook's, and what 0.3 did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FinalActivation = Literal["none", "relu"]
TaskDistribution = Literal["normal", "default"]
TaskOrder = Literal["together", "sequential"]
Optimizer = Literal["adam", "adamw"]
SettingName = Literal["paper", "notebook", "0.3"]


@dataclass(frozen=True)
class Recipe:
    """What the paper's text leaves open; each field is an option of ``w2s-mol synthetic``.

    Attributes
    ----------
    final_activation
        What follows the last layer of every representation, h* too.
    task_distribution
        How tasks are drawn: ``normal``, weights N(0, 1) and no intercept (of ``mlp`` tasks, He
        initialisation); ``default``, as PyTorch draws its linear layers, intercept and all.
    task_order
        In which order gradient descent sees the pretraining tasks in an epoch: in every batch
        equally many samples of each, or one task after the other.
    representation_optimizer
        ``adam``: from He initialisation, on x / sigma and labels of spread 1, the rate falling to
        nothing along a cosine. ``adamw``: from PyTorch's default initialisation, on x and labels
        as they are, at one rate.
    representation_epochs, representation_batch, representation_rate
        Of that descent.
    restarts
        Descents from different initial weights, of which that of the least training loss is kept.
    """

    final_activation: FinalActivation
    task_distribution: TaskDistribution
    task_order: TaskOrder
    representation_optimizer: Optimizer
    representation_epochs: int
    representation_batch: int
    representation_rate: float
    restarts: int


SETTINGS: dict[SettingName, Recipe] = {
    "paper": Recipe("relu", "default", "together", "adam", 1500, 500, 1e-2, restarts=2),
    "notebook": Recipe("relu", "default", "sequential", "adamw", 1000, 32, 1e-3, restarts=1),
    "0.3": Recipe("none", "normal", "together", "adam", 1500, 500, 1e-2, restarts=1),
}
"""``notebook`` is all that the notebook does which the paper's authors released. ``paper`` has its
representations and tasks, and a descent that comes nearer to the minimum the paper's text asks for.
``0.3`` is what this program did up to version 0.3.
"""
