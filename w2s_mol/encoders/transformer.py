"""Hugging Face text encoders, read without padding: items of equal length go together."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from w2s_mol import files
from w2s_mol.encoders.contract import Computed, Encoder
from w2s_mol.encoders.devices import Precision
from w2s_mol.encoders.folder import (
    COMPUTED_WITH,
    folder_fingerprint,
    folder_metadata,
    folder_revision,
)
from w2s_mol.encoders.models import TokenModel, load_model
from w2s_mol.encoders.ref import dimension_of
from w2s_mol.encoders.tokenizers import load_reader
from w2s_mol.errors import ItemError, first_line, means_no_memory
from w2s_mol.items.contract import Items, ItemsName
from w2s_mol.items.molecules import Molecules
from w2s_mol.manifest import versions
from w2s_mol.molecules.smiles import MoleculeError, remembered, standardize
from w2s_mol.molecules.vocabulary import TOKEN_IDS, token_ids
from w2s_mol.progress import Progress
from w2s_mol.threads import one_thread

# oneDNN keeps what it made ready for products of a shape, of 1,024 shapes unless told: over 100 MB
# where batches are of every length and number. Making it again takes no time that can be measured.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

_MOLECULES = Molecules()
_BATCH_TOKENS = {"cpu": 2_048, "cuda": 65_536}
"""Tokens a batch: enough to keep the device busy, little enough to stay in its cache."""


class TransformerEncoder(Encoder):
    """A Hugging Face encoder; subclasses say how an item becomes token ids.

    Attributes
    ----------
    notes
        What a user should know of how it reads items.
    revision
        The commit of a model from the hub, None for others.
    """

    hidden: int

    def __init__(
        self,
        name: str,
        folder: Path,
        device: torch.device,
        max_tokens: int | None = None,
        precision: Precision = "fp32",
        items: Items = _MOLECULES,
    ) -> None:
        self.name, self.items = name, items
        self.folder = folder
        self.device = device
        self.precision = precision
        self.metadata = folder_metadata(folder)
        self.revision = folder_revision(folder)
        loaded = load_model(name, folder)
        limits = [loaded.longest, max_tokens, self._open_tokenizer(loaded)]
        self._longest = min((limit for limit in limits if limit is not None), default=None)
        self._model = loaded.module.to(device)
        self.hidden = loaded.hidden
        pooled = ("mean+pooled", "mean", "pooled") if loaded.has_pooler else ("mean",)
        self.poolings = (*pooled, *(("cls",) if self._begins_special else ()), "last")
        self.fingerprint = folder_fingerprint(folder, max_tokens, precision)

    _begins_special = True

    @property
    def arithmetic(self) -> Mapping[str, str | None]:
        """The versions of what computes it, and the kind of device."""
        return {**versions(*COMPUTED_WITH), "device": self.device.type}

    def _open_tokenizer(self, loaded: TokenModel) -> int | None:
        """Make ready how items are read; return the longest that the tokenizer takes, if any."""
        return None

    def dimension(self, pooling: str) -> int:
        """Return the hidden size, twice it for ``mean+pooled``."""
        return dimension_of(self.hidden, pooling)

    @abstractmethod
    def _token_ids(self, smiles: str) -> list[int]:
        """Return an item's token ids, or raise ItemError."""

    def _prepare(self, smiles: str) -> list[int]:
        ids = self._token_ids(smiles)
        if self._longest is not None and len(ids) > self._longest:
            raise ItemError(f"{len(ids)} tokens, the encoder reads at most {self._longest}")
        return ids

    def _compute(self, prepared: Sequence[Any], pooling: str, progress: Progress) -> Computed:
        vectors = np.full((len(prepared), self.dimension(pooling)), np.nan, dtype=np.float32)
        refused: dict[int, str] = {}
        done = 0
        batches = equal_length_batches(prepared, _BATCH_TOKENS.get(self.device.type, 2_048))
        work = ((batch, [prepared[i] for i in batch]) for batch in batches)
        for batch, found in self._in_parallel(work, pooling):
            for place, vector in zip(batch, found, strict=True):
                if isinstance(vector, str):
                    refused[place] = vector
                else:
                    vectors[place] = vector
            done += len(batch)
            progress(f"embedding with {self.name}", done, len(prepared))
        return Computed(vectors, refused, lasting=not refused)

    def _in_parallel(
        self, work: Iterable[tuple[list[int], list[list[int]]]], pooling: str
    ) -> Iterator[tuple[list[int], Sequence[NDArray[np.float32] | str]]]:
        """Compute batches side by side on a CPU, each on one thread.

        A sum parted among threads depends in its last digits on how many there are; a batch on
        one thread does not, so the same molecules give the same bytes on any number of cores.
        """
        on_cpu = self.device.type == "cpu"
        # On a GPU one is made ready while the other is computed.
        workers = torch.get_num_threads() if on_cpu else 2
        with one_thread() if on_cpu else nullcontext(), ThreadPoolExecutor(workers) as pool:
            running: deque[tuple[list[int], Future[Sequence[NDArray[np.float32] | str]]]] = deque()
            for batch, tokens in work:
                running.append((batch, pool.submit(self._batch, tokens, pooling)))
                if len(running) > workers:
                    first, future = running.popleft()
                    yield first, future.result()
            for first, future in running:
                yield first, future.result()

    def _batch(self, tokens: list[list[int]], pooling: str) -> Sequence[NDArray[np.float32] | str]:
        """Return the vectors of molecules of equal length, or why the model fails on one."""
        try:
            return list(self._forward(tokens, pooling))
        except (IndexError, RuntimeError, ValueError) as error:
            # What only the model itself refuses must end no table, and no batch-mate.
            if means_no_memory(error) or self.device.type != "cpu":
                raise
            if len(tokens) > 1:
                return [self._batch([one], pooling)[0] for one in tokens]
            return [f"the model fails on it: {first_line(error)}"]

    def _forward(self, tokens: list[list[int]], pooling: str) -> NDArray[np.float32]:
        bf16 = self.precision == "bf16"
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, torch.bfloat16, enabled=bf16),
        ):
            output = self._model(input_ids=self._on_device(tokens))
            vectors = pool(output.last_hidden_state, output.get("pooler_output"), pooling)
        found: NDArray[np.float32] = vectors.float().cpu().numpy()
        return found

    def _on_device(self, tokens: list[list[int]]) -> torch.Tensor:
        ids = torch.tensor(tokens)
        if self.device.type != "cuda":
            return ids.to(self.device)
        return ids.pin_memory().to(self.device, non_blocking=True)


class SmilesBertEncoder(TransformerEncoder):
    """MolBERT and its family: standard SMILES in MolBERT's 42 tokens."""

    @property
    def reading(self) -> str:
        """The whole family reads alike, up to the longest."""
        return f"42 tokens, at most {self._longest}"

    def _token_ids(self, smiles: str) -> list[int]:
        ids, fault = _family_ids(smiles)
        if fault:
            raise MoleculeError(fault)
        return list(ids)


@remembered
def _family_ids(smiles: str) -> tuple[bytes, str]:
    """Return the ids of a SMILES in the 42 tokens, or why there are none: alike for the family."""
    try:
        return bytes(token_ids(standardize(smiles))), ""  # many are remembered: a byte an id
    except MoleculeError as error:
        return b"", str(error)


class TextEncoder(TransformerEncoder):
    """Any other Hugging Face text encoder: the item as it stands, in the encoder's own tokens."""

    reads: frozenset[ItemsName] = frozenset({"molecules", "texts"})

    def _open_tokenizer(self, loaded: TokenModel) -> int | None:
        reader = load_reader(self.name, self.folder, loaded.vocabulary, self.items)
        self._reader, self.notes = reader, reader.notes
        self._begins_special = reader.begins_special
        return reader.longest

    def _token_ids(self, smiles: str) -> list[int]:
        return self._reader.token_ids(smiles)


def equal_length_batches(
    sequences: Sequence[Sequence[int]], batch_tokens: int
) -> Iterator[list[int]]:
    """Yield the indices of sequences of one length, at most ``batch_tokens`` tokens at a time.

    No batch needs padding, so nothing is computed in vain and no vector depends on batch-mates.
    Long ones come first: what does not fit in memory fails at once.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, sequence in enumerate(sequences):
        by_length[len(sequence)].append(index)
    for length in sorted(by_length, reverse=True):
        indices = by_length[length]
        size = max(1, batch_tokens // length)
        for start in range(0, len(indices), size):
            yield indices[start : start + size]


def pool(states: torch.Tensor, pooler_output: torch.Tensor, pooling: str) -> torch.Tensor:
    """Make one vector a molecule of the last layer.

    Parameters
    ----------
    states
        Shape (B, T, hidden), without padding.
    pooler_output
        Shape (B, hidden); looked at for ``pooled`` and ``mean+pooled`` alone.
    pooling
        ``mean``, ``pooled``, ``mean+pooled``, ``cls`` (the first token) or ``last``.
    """
    if pooling == "pooled":
        return pooler_output
    if pooling == "mean":
        return states.mean(dim=1)
    if pooling in ("cls", "last"):
        return states[:, 0 if pooling == "cls" else -1]
    return torch.cat([states.mean(dim=1), pooler_output], dim=1)


def uses_smiles_vocabulary(folder: Path) -> bool:
    """Say whether an encoder's folder holds MolBERT's 42 tokens."""
    try:
        tokenizer = files.read_json(folder / "tokenizer.json")
        return bool(tokenizer["model"]["vocab"] == TOKEN_IDS)
    except (OSError, ValueError, KeyError, TypeError):
        return False
