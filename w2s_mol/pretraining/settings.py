"""How an encoder is pretrained."""

from __future__ import annotations

import math
from dataclasses import dataclass

from w2s_mol.errors import InputError

PAPER_HIDDEN_SIZES = (8, 12, 16, 24, 32, 48, 64, 96)
"""Charikar et al. 2024, Table 1 (the text's list lacks 24)."""


@dataclass(frozen=True)
class PretrainingSettings:
    """How one encoder is made.

    Attributes
    ----------
    hidden, layers, heads
        Size of the BERT; the intermediate size is 4 * hidden.
    epochs, batch_size, learning_rate, warmup, weight_decay
        AdamW with a linear schedule; ``warmup`` is the share of steps spent warming up, and
        biases and LayerNorm are not decayed. MolBERT used batch 16 and rate 3e-5; larger batches
        need a larger rate.
    dropout
        MolBERT trained with 0.1 for 100 epochs; two epochs do not overfit, so 0 here.
    seed
        Of the initial weights, the order of molecules and the masks.
    """

    hidden: int
    layers: int = 2
    heads: int = 2
    epochs: int = 2
    batch_size: int = 128
    learning_rate: float = 3e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("layers", "heads", "epochs", "batch_size", "learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} is {getattr(self, name)}; it must be above 0.")
        if self.seed < 0:
            raise InputError(f"seed is {self.seed}. It should be 0 or more.")
        step = math.lcm(2, self.heads)  # half of the positions' columns are sines
        if self.hidden < step or self.hidden % step:
            raise InputError(
                f"hidden size {self.hidden} cannot be used: it must be even and a multiple of the "
                f"{self.heads} attention heads. Choose another, for example "
                f"{max(1, math.ceil(self.hidden / step)) * step}."
            )
