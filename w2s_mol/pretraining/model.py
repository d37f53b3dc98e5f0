"""Encoders under pretraining: a BERT with MolBERT's heads and losses, alone or side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear, mse_loss

from w2s_mol.encoders.devices import Precision
from w2s_mol.encoders.smiles_bert import bert_config, new_bert
from w2s_mol.molecules.descriptors import N_DESCRIPTORS
from w2s_mol.pretraining.batches import IGNORED, Batch
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.settings import EncoderSettings

if TYPE_CHECKING:
    from transformers import BertModel

TOTAL = "loss"
_WORD_SCALE = 0.5
"""Positions are sines and cosines of size 0.7. Beside words of BERT's usual 0.02 a molecule's atoms
would be lost, and long in being found."""


class PretrainingModel(nn.Module):
    """A BERT with a head for each objective.

    The masked-token head is BERT's (its output matrix is the word embedding), the descriptor head
    MolBERT's: two layers with a ReLU on the pooler output, which the pair head reads too.
    The heads are new, the encoder is as it is given.
    """

    def __init__(
        self, settings: EncoderSettings, objectives: Objectives, encoder: BertModel
    ) -> None:
        super().__init__()
        self.settings, self.objectives, self.encoder = settings, objectives, encoder
        hidden, config = settings.hidden, encoder.config
        self.token_transform = nn.Sequential(
            nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden, eps=config.layer_norm_eps)
        )
        self.token_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.descriptor_head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, N_DESCRIPTORS)
        )
        self.pair_head = nn.Linear(hidden, 2)

    def forward(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Return the weighted sum of the losses, ``loss``, and each one before its weight.

        Each is a mean over the whole step: this device's sum over ``n_tokens`` or ``n_molecules``.
        """
        output = self.encoder(
            input_ids=batch["input_ids"],
            attention_mask=batch["attention_mask"],
            token_type_ids=batch["token_type_ids"],
        )
        losses = {}
        used = self.objectives.used()
        if "mlm" in used:
            losses["mlm"] = self._token_loss(output.last_hidden_state, batch)
        if "descriptors" in used:
            predicted = self.descriptor_head(output.pooler_output).float()
            error = mse_loss(predicted, batch["descriptors"], reduction="sum")
            losses["descriptors"] = error / (batch["n_molecules"] * N_DESCRIPTORS)
        if "pairs" in used:
            logits = self.pair_head(output.pooler_output).float()
            surprise = cross_entropy(logits, batch["same"], reduction="sum")
            losses["pairs"] = surprise / batch["n_molecules"]
        weights = self.objectives.weights()
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        return {TOTAL: total, **losses}

    def _token_loss(self, states: torch.Tensor, batch: Batch) -> torch.Tensor:
        to_predict = batch["labels"] != IGNORED
        transformed = self.token_transform(states[to_predict])  # (M, hidden)
        words = self.encoder.get_input_embeddings().weight
        logits = linear(transformed * states.shape[-1] ** -0.5, words, self.token_bias)
        surprise = cross_entropy(logits.float(), batch["labels"][to_predict], reduction="sum")
        return surprise / batch["n_tokens"]


def new_model(settings: EncoderSettings, objectives: Objectives) -> PretrainingModel:
    """Return a model whose weights depend on its own seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        shape = (settings.hidden, settings.layers, settings.heads)
        encoder = new_bert(bert_config(*shape, dropout=settings.dropout))
        nn.init.normal_(encoder.get_input_embeddings().weight, std=_WORD_SCALE)
        return PretrainingModel(settings, objectives, encoder)


def new_heads(
    settings: EncoderSettings, objectives: Objectives, encoder: BertModel
) -> PretrainingModel:
    """Return a model of an encoder that was trained before, under heads of a seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return PretrainingModel(settings, objectives, encoder)


class Family(nn.Module):
    """Encoders side by side that read the same batches; each learns as it would alone.

    The loss is the sum of theirs, so each one's gradient is its own. Whatever else could couple
    them (initial weights, dropout, the norm that gradients are clipped to) is taken one by one.
    """

    def __init__(self, members: Mapping[str, PretrainingModel]) -> None:
        super().__init__()
        self._names = list(members)  # an encoder's name may hold what a module's may not
        self._members = nn.ModuleList(members.values())

    @classmethod
    def new(cls, encoders: Mapping[str, EncoderSettings], objectives: Objectives) -> Family:
        """Return encoders that were not trained yet."""
        return cls({name: new_model(one, objectives) for name, one in encoders.items()})

    def members(self) -> dict[str, PretrainingModel]:
        """Return the encoders by name."""
        return dict(zip(self._names, cast("list[PretrainingModel]", self._members), strict=True))

    def forward(self, batch: Batch, draw: int = 0) -> dict[str, dict[str, torch.Tensor]]:
        """Return each encoder's losses; ``draw`` is another number at every step and device."""
        losses = {}
        for name, member in self.members().items():
            if self.training and member.settings.dropout:
                seeds = np.random.SeedSequence([member.settings.seed, draw])
                torch.manual_seed(int(seeds.generate_state(1)[0]))
            losses[name] = member(batch)
        return losses

    def choose_attention(self, precision: Precision, device: torch.device) -> None:
        """Choose the way of attention that is fastest at a precision on a device.

        PyTorch's fused attention has a slow gradient in bfloat16 on CPUs: it takes half of a step.
        """
        slow = precision == "bf16" and device.type == "cpu"
        for member in self.members().values():
            member.encoder.set_attn_implementation("eager" if slow else "sdpa")

    def clip_gradients(self, most: float) -> None:
        """Clip the norm of each encoder's gradient."""
        for member in self.members().values():
            nn.utils.clip_grad_norm_(member.parameters(), most)
