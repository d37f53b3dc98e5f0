"""How encoders are pretrained: what is each one's own, and what those trained together share."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated

from w2s_mol.encoders.devices import Precision, check_precision
from w2s_mol.errors import InputError
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.settings_check import Range

PAPER_HIDDEN_SIZES = (8, 12, 16, 24, 32, 48, 64, 96)
"""Charikar et al. 2024, Table 1 (the text's list lacks 24)."""

_SEEDS = 2**32  # what PyTorch, NumPy and the Trainer all take
TorchSeed = Annotated[int, Range(0, _SEEDS - 1)]
_LARGEST_RATE, _RATE_TIMES_HIDDEN = 3e-3, 0.15


@dataclass(frozen=True)
class EncoderSettings:
    """One encoder: what it keeps to itself when several are trained together.

    Attributes
    ----------
    hidden, layers, heads
        Size of the BERT; the intermediate size is 4 * hidden.
    learning_rate
        AdamW's at its highest; by default 0.15 / hidden, at most 3e-3. MolBERT used 3e-5 with
        batches of 16; larger batches need more.
    dropout
        MolBERT trained with 0.1 for 100 epochs; a few epochs do not overfit, so 0 here.
    seed
        Of the initial weights and of dropout.
    """

    hidden: int
    layers: int = 2
    heads: int = 2
    learning_rate: float | None = None
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.learning_rate is None:
            rate = min(_LARGEST_RATE, _RATE_TIMES_HIDDEN / max(1, self.hidden))
            object.__setattr__(self, "learning_rate", rate)
        _check_positive(self, "layers", "heads", "learning_rate")
        _check_seed("seed", self.seed)
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout is {self.dropout}; it must be from 0 to below 1.")
        step = math.lcm(2, self.heads)  # half of the positions' columns are sines
        if self.hidden < step or self.hidden % step:
            raise InputError(
                f"hidden size {self.hidden} cannot be used: it must be even and a multiple of the "
                f"{self.heads} attention heads. Choose another, for example "
                f"{max(1, math.ceil(self.hidden / step)) * step}."
            )


@dataclass(frozen=True)
class TrainingSettings:
    """One training: what all encoders trained together share.

    Attributes
    ----------
    epochs, batch_size, warmup, weight_decay
        AdamW with a linear schedule; ``warmup`` is the share of steps spent warming up, and
        biases and LayerNorm are not decayed. A step takes ``batch_size`` molecules whatever the
        number of devices.
    objectives
        What is learned, with weights.
    precision
        ``bf16`` computes matrix products in bfloat16; weights stay in float32.
    order_seed
        Of the order of molecules and of the masks.
    """

    epochs: int = 2
    batch_size: int = 128
    warmup: float = 0.1
    weight_decay: float = 0.01
    objectives: Objectives = field(default_factory=Objectives)
    precision: Precision = "fp32"
    order_seed: int = 0

    def __post_init__(self) -> None:
        _check_positive(self, "epochs", "batch_size")
        _check_seed("order seed", self.order_seed)
        if not 0 <= self.warmup <= 1 or not 0 <= self.weight_decay < math.inf:
            raise InputError(
                f"warmup is {self.warmup}, a share of the steps from 0 to 1; weight_decay is "
                f"{self.weight_decay}, 0 or more."
            )
        check_precision(self.precision)


def _check_seed(name: str, seed: int) -> None:
    if not 0 <= seed < _SEEDS:
        raise InputError(f"{name} is {seed}. It should be 0 or more, and below 2^32.")


def _check_positive(settings: EncoderSettings | TrainingSettings, *names: str) -> None:
    for name in names:
        if not 0 < getattr(settings, name) < math.inf:
            raise InputError(
                f"{name} is {getattr(settings, name)}; it must be a finite number above 0."
            )
