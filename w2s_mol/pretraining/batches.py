"""Training batches as a pure function of (seed, step), so that a resumed run sees the same ones."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from w2s_mol.molecules.vocabulary import CLS_ID, MASK_ID, PAD_ID, SEP_ID, TOKENS
from w2s_mol.pretraining.corpus import PreparedCorpus
from w2s_mol.streams import stream

BATCHES_FORMAT = 2
"""Raised when the same seed gives other batches: a training must not go on with them."""

MASKED_SHARE = 0.15
IGNORED = -100
_POOL_BATCHES = 64
"""Molecules are sorted by length within so many shuffled batches, which leaves little padding."""


class Batch(TypedDict):
    """What one device reads of one step: ``B`` sequences of at most ``T`` tokens.

    ``input_ids``, ``attention_mask``, ``token_type_ids`` and ``labels`` have shape (B, T), the
    labels ``-100`` where no token is to be predicted; ``descriptors`` (B, 200);
    ``same`` (B,), 1 where both SMILES of a pair are one molecule.
    ``n_tokens`` and ``n_molecules`` are what sums over this batch are divided by: the tokens to
    predict and the molecules of the whole step, over the number of devices.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    token_type_ids: torch.Tensor
    labels: torch.Tensor
    descriptors: torch.Tensor
    same: torch.Tensor
    n_tokens: torch.Tensor
    n_molecules: torch.Tensor


class Batches(Dataset[Batch]):
    """All batches of all epochs of a corpus, in training order.

    Parameters
    ----------
    corpus, batch_size, epochs
        A step reads ``batch_size`` molecules; the last step of an epoch what is left.
    seed
        Of the order and of the masks.
    pairs
        Whether each sequence is a pair of SMILES.
    share
        This device's number and how many there are; each takes its part of every step.
    """

    def __init__(
        self,
        corpus: PreparedCorpus,
        batch_size: int,
        epochs: int,
        seed: int,
        *,
        pairs: bool = False,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.corpus = corpus
        self.batch_size = batch_size
        self.epochs = epochs
        self.seed = seed
        self.pairs = pairs
        self.share = share
        self.per_epoch = math.ceil(len(corpus) / batch_size)
        self._order: tuple[int, list[NDArray[np.int64]]] | None = None

    def __len__(self) -> int:
        return self.per_epoch * self.epochs

    def __getitem__(self, step: int) -> Batch:
        epoch, position = divmod(step, self.per_epoch)
        generator = stream(self.seed, "masks of a step", step)
        molecules = self._epoch_order(epoch)[position]
        renumbering = epoch % self.corpus.renumberings
        if self.pairs:
            token_ids, types, same = self._pairs(molecules, renumbering, generator)
        else:
            token_ids = padded([self.corpus.token_ids(renumbering, m) for m in molecules])
            types, same = np.zeros_like(token_ids), np.ones(len(molecules), dtype=np.int64)
        corrupted, labels = mask_tokens(token_ids, generator)
        mine, devices = self._my_rows(len(molecules))
        descriptors = self.corpus.descriptors(molecules[mine])
        return {
            "input_ids": torch.from_numpy(corrupted[mine]),
            "attention_mask": torch.from_numpy((token_ids[mine] != PAD_ID).astype(np.int64)),
            "token_type_ids": torch.from_numpy(types[mine]),
            "labels": torch.from_numpy(labels[mine]),
            "descriptors": torch.from_numpy(descriptors),
            "same": torch.from_numpy(same[mine]),
            # A batch of very short molecules may have no token to predict.
            "n_tokens": _scalar(max(1, (labels != IGNORED).sum()) / devices),
            "n_molecules": _scalar(len(molecules) / devices),
        }

    def _my_rows(self, n: int) -> tuple[slice, int]:
        """Return this device's rows and how many devices share; too few rows are not shared."""
        rank, devices = self.share
        return (slice(rank, None, devices), devices) if n >= devices else (slice(None), 1)

    def _epoch_order(self, epoch: int) -> list[NDArray[np.int64]]:
        """Return the molecules of each batch of an epoch: similar lengths together, shuffled."""
        if self._order is None or self._order[0] != epoch:
            generator = stream(self.seed, "order of an epoch", epoch)
            lengths = self.corpus.lengths[epoch % self.corpus.renumberings]
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

    def _pairs(
        self, molecules: NDArray[np.int64], renumbering: int, generator: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Join each molecule to itself in another atom order, or to its neighbour in the batch."""
        other_order = (renumbering + 1) % self.corpus.renumberings
        same = (generator.random(len(molecules)) < 0.5).astype(np.int64)
        partners = np.where(same == 1, molecules, np.roll(molecules, 1))
        if len(molecules) == 1:
            same[:] = 1
        firsts = [self.corpus.token_ids(renumbering, m) for m in molecules]
        seconds = [self.corpus.token_ids(other_order, m)[1:] for m in partners]  # one [CLS]
        token_ids = padded([np.concatenate(pair) for pair in zip(firsts, seconds, strict=True)])
        columns = np.arange(token_ids.shape[1])
        first_lengths = np.array([len(first) for first in firsts])[:, None]
        types = (columns >= first_lengths) & (token_ids != PAD_ID)
        return token_ids, types.astype(np.int64), same


def _scalar(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float32)


def padded(sequences: list[NDArray[np.uint8]]) -> NDArray[np.int64]:
    """Return sequences as rows, shape (B, longest), filled up with [PAD]."""
    rows = np.full((len(sequences), max(map(len, sequences))), PAD_ID, dtype=np.int64)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = sequence
    return rows


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
