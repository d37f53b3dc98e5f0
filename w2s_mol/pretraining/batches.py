"""Training batches as a pure function of (seed, step), so that a resumed run sees the same ones."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from w2s_mol.molecules.vocabulary import CLS_ID, MASK_ID, PAD_ID, SEP_ID, TOKENS
from w2s_mol.pretraining.corpus import PreparedCorpus

MASKED_SHARE = 0.15
IGNORED = -100
_POOL_BATCHES = 64
"""Molecules are sorted by length within so many shuffled batches, which leaves little padding."""


class Batches(Dataset[dict[str, torch.Tensor]]):
    """All batches of all epochs of a corpus, in training order.

    Item ``step`` is a dict of tensors: ``input_ids`` and ``labels`` of shape (B, T), the labels
    ``-100`` where no token is to be predicted, ``attention_mask`` (B, T) and ``descriptors``
    (B, 200).
    """

    def __init__(self, corpus: PreparedCorpus, batch_size: int, epochs: int, seed: int) -> None:
        self.corpus = corpus
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed
        self.per_epoch = math.ceil(len(corpus) / batch_size)
        self._order: tuple[int, list[NDArray[np.int64]]] | None = None

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    def __getitem__(self, step: int) -> dict[str, torch.Tensor]:
        epoch, position = divmod(step, self.per_epoch)
        molecules = self._epoch_order(epoch)[position]
        token_ids = self._padded(molecules, epoch % self.corpus.lengths.shape[0])
        corrupted, labels = mask_tokens(token_ids, np.random.default_rng([self.seed, 1, step]))
        return {
            "input_ids": torch.from_numpy(corrupted),
            "attention_mask": torch.from_numpy((token_ids != PAD_ID).astype(np.int64)),
            "labels": torch.from_numpy(labels),
            "descriptors": torch.from_numpy(self.corpus.descriptors[molecules].astype(np.float32)),
        }

    def _epoch_order(self, epoch: int) -> list[NDArray[np.int64]]:
        """Return the molecules of each batch of an epoch: similar lengths together, shuffled."""
        if self._order is None or self._order[0] != epoch:
            generator = np.random.default_rng([self.seed, 0, epoch])
            lengths = self.corpus.lengths[epoch % self.corpus.lengths.shape[0]]
            shuffled = generator.permutation(len(self.corpus))
            pool = self.batch_size * _POOL_BATCHES
            batches = []
            for start in range(0, len(shuffled), pool):
                part = shuffled[start : start + pool]
                part = part[np.argsort(lengths[part], kind="stable")]
                batches += [
                    part[i : i + self.batch_size] for i in range(0, len(part), self.batch_size)
                ]
            self._order = epoch, [batches[i] for i in generator.permutation(len(batches))]
        return self._order[1]

    def _padded(self, molecules: NDArray[np.int64], renumbering: int) -> NDArray[np.int64]:
        starts = self.corpus.starts[renumbering, molecules]
        lengths = self.corpus.lengths[renumbering, molecules]
        columns = np.arange(lengths.max())
        inside = columns < lengths[:, None]
        positions = np.where(inside, starts[:, None] + columns, 0)
        return np.where(inside, self.corpus.tokens[positions], PAD_ID).astype(np.int64)


def mask_tokens(
    token_ids: NDArray[np.int64], generator: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Corrupt tokens for masked-language modelling (Devlin et al. 2018, section 3.1).

    Of the tokens that are not [PAD], [CLS] or [SEP], 15% are to be predicted; of those, 80%
    become [MASK], 10% a random token and 10% stay.

    Returns
    -------
    corrupted, labels
        Both (B, T); the labels hold the original token where one is to be predicted, else -100.
    """
    ordinary = ~np.isin(token_ids, (PAD_ID, CLS_ID, SEP_ID))
    chosen = ordinary & (generator.random(token_ids.shape) < MASKED_SHARE)
    fate = generator.random(token_ids.shape)
    random_tokens = generator.integers(MASK_ID + 1, len(TOKENS), token_ids.shape)
    corrupted = np.where(chosen & (fate < 0.8), MASK_ID, token_ids)
    corrupted = np.where(chosen & (fate >= 0.8) & (fate < 0.9), random_tokens, corrupted)
    return corrupted, np.where(chosen, token_ids, IGNORED)
