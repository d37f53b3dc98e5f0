"""An encoder under pretraining: a BERT with MolBERT's two heads and their losses."""

from __future__ import annotations

import torch
from torch import nn
from transformers import BertConfig

from w2s_mol.encoders.smiles_bert import new_bert
from w2s_mol.molecules.descriptors import N_DESCRIPTORS
from w2s_mol.pretraining.batches import IGNORED


class PretrainingModel(nn.Module):
    """A BERT that predicts masked tokens and regresses 200 descriptors.

    The masked-token head is BERT's (its output matrix is the word embedding), the descriptor head
    MolBERT's: two layers with a ReLU on the pooler output. The loss is the sum of the mean
    cross-entropy over the tokens to predict and the mean squared error of the descriptors.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        hidden = config.hidden_size
        self.encoder = new_bert(config)
        self.token_transform = nn.Sequential(
            nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden, eps=config.layer_norm_eps)
        )
        self.token_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.descriptor_head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, N_DESCRIPTORS)
        )

    def forward(
        self,
        input_ids: torch.Tensor,  # (B, T)
        attention_mask: torch.Tensor,  # (B, T)
        labels: torch.Tensor,  # (B, T)
        descriptors: torch.Tensor,  # (B, 200)
    ) -> dict[str, torch.Tensor]:
        """Return the total ``loss`` and its parts ``mlm_loss`` and ``descriptor_loss``."""
        output = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        to_predict = labels != IGNORED
        states = self.token_transform(output.last_hidden_state[to_predict])  # (M, hidden)
        words = self.encoder.get_input_embeddings().weight
        logits = nn.functional.linear(states, words, self.token_bias)  # (M, vocabulary)
        # A batch of very short molecules may have no token to predict: sum over 1, not mean of 0.
        mlm = nn.functional.cross_entropy(logits.float(), labels[to_predict], reduction="sum")
        mlm = mlm / to_predict.sum().clamp(min=1)
        predicted = self.descriptor_head(output.pooler_output).float()
        descriptor = nn.functional.mse_loss(predicted, descriptors)
        return {"loss": mlm + descriptor, "mlm_loss": mlm, "descriptor_loss": descriptor}
