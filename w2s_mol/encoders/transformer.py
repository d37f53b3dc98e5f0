"""Hugging Face text encoders, read without padding: molecules of equal length go together."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rdkit
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from w2s_mol import files
from w2s_mol.encoders.contract import METADATA, Encoder, Precision
from w2s_mol.errors import InputError, first_line, means_no_memory
from w2s_mol.molecules.smiles import MoleculeError, standardize
from w2s_mol.molecules.vocabulary import TOKEN_IDS, token_ids
from w2s_mol.progress import Progress

POOLINGS = ("mean+pooled", "mean", "pooled")
_BATCH_TOKENS = {"cpu": 2_048, "cuda": 65_536}
"""Tokens a batch: enough to keep the device busy, little enough to stay in its cache."""

_NOT_CONTENT = ("README.md", METADATA)


def resolve_device(name: str) -> torch.device:
    """Return the device of a name; ``auto`` is a GPU where there is one.

    Raises
    ------
    InputError
        If there is no such device here.
    """
    has_gpu = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda") or (name == "cuda" and not has_gpu):
        raise InputError(
            f"device {name!r} cannot be used here. It should be auto, cpu, or cuda where there is "
            "a GPU; choose among several with CUDA_VISIBLE_DEVICES."
        )
    return torch.device("cuda" if name != "cpu" and has_gpu else "cpu")


class TransformerEncoder(Encoder):
    """A Hugging Face encoder; subclasses say how a SMILES becomes token ids."""

    hidden: int

    def __init__(
        self,
        name: str,
        folder: Path,
        device: torch.device,
        max_tokens: int | None = None,
        precision: Precision = "fp32",
    ) -> None:
        self.name = name
        self.folder = folder
        self.device = device
        self.precision = precision
        model, has_pooler = _load_model(name, folder)
        self._model = model.eval().to(device)
        self.hidden = int(model.config.hidden_size)
        self.poolings = POOLINGS if has_pooler else ("mean",)
        self.metadata = _metadata(folder)
        self._longest = min(max_tokens or self._readable_tokens(), self._readable_tokens())
        kind = f"{type(self).__name__}:{self._longest}"
        kind += "" if precision == "fp32" else f":{precision}"
        self.fingerprint = _fingerprint(folder, kind)

    def dimension(self, pooling: str) -> int:
        """Return the hidden size, twice it for ``mean+pooled``."""
        return self.hidden * (2 if pooling == "mean+pooled" else 1)

    @abstractmethod
    def _token_ids(self, smiles: str) -> list[int]:
        """Return a SMILES's token ids, or raise MoleculeError."""

    def _readable_tokens(self) -> int:
        """Return how many tokens the encoder can read."""
        return int(getattr(self._model.config, "max_position_embeddings", 512))

    def _prepare(self, smiles: str) -> list[int]:
        ids = self._token_ids(smiles)
        if len(ids) > self._longest:
            raise MoleculeError(f"{len(ids)} tokens, the encoder reads at most {self._longest}")
        return ids

    def _vectors(
        self, prepared: Sequence[Any], pooling: str, progress: Progress
    ) -> NDArray[np.float32]:
        vectors = np.empty((len(prepared), self.dimension(pooling)), dtype=np.float32)
        done = 0
        for batch in equal_length_batches(prepared, _BATCH_TOKENS.get(self.device.type, 2_048)):
            tokens = torch.tensor([prepared[i] for i in batch], device=self.device)
            bf16 = self.precision == "bf16"
            with (
                torch.inference_mode(),
                torch.autocast(self.device.type, torch.bfloat16, enabled=bf16),
            ):
                output = self._model(input_ids=tokens)
            pooled = pool(output.last_hidden_state, output.get("pooler_output"), pooling)
            vectors[batch] = pooled.float().cpu().numpy()
            done += len(batch)
            progress(f"embedding with {self.name}", done, len(prepared))
        return vectors


class SmilesBertEncoder(TransformerEncoder):
    """MolBERT and its family: standard SMILES in MolBERT's 42 tokens."""

    def _token_ids(self, smiles: str) -> list[int]:
        return token_ids(standardize(smiles))


class TextEncoder(TransformerEncoder):
    """Any other Hugging Face text encoder: the SMILES as it stands, in the encoder's own tokens."""

    def __init__(
        self,
        name: str,
        folder: Path,
        device: torch.device,
        max_tokens: int | None = None,
        precision: Precision = "fp32",
    ) -> None:
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        except Exception as error:  # damaged files raise errors of every kind
            raise InputError(f"encoder {name}: cannot load its tokenizer: {error}") from error
        super().__init__(name, folder, device, max_tokens, precision)

    def _token_ids(self, smiles: str) -> list[int]:
        ids: list[int] = self._tokenizer(smiles)["input_ids"]
        return ids

    def _readable_tokens(self) -> int:
        config, positions = self._model.config, super()._readable_tokens()
        if config.model_type in {"roberta", "camembert", "xlm-roberta"}:
            positions -= int(config.pad_token_id) + 1  # their positions begin after the padding's
        return min(positions, int(self._tokenizer.model_max_length))


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
        Shape (B, hidden); not looked at for ``mean``.
    pooling
        ``mean``, ``pooled`` or ``mean+pooled``.
    """
    if pooling == "mean":
        return states.mean(dim=1)
    if pooling == "pooled":
        return pooler_output
    return torch.cat([states.mean(dim=1), pooler_output], dim=1)


def uses_smiles_vocabulary(folder: Path) -> bool:
    """Say whether an encoder's folder holds MolBERT's 42 tokens."""
    try:
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        return bool(tokenizer["model"]["vocab"] == TOKEN_IDS)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _load_model(name: str, folder: Path) -> tuple[Any, bool]:
    """Load a model and say whether its pooler was trained."""
    disable_progress_bar()
    try:
        model, info = AutoModel.from_pretrained(
            folder, output_loading_info=True, dtype=torch.float32, trust_remote_code=False
        )
    except Exception as error:  # safetensors, pickle, JSON and OS errors of many kinds
        if means_no_memory(error):
            raise
        raise InputError(
            f"cannot load encoder {name} from {folder}: {first_line(error)} "
            "The folder should hold config.json and model.safetensors as save_pretrained writes "
            "them; a file may be truncated or altered."
        ) from error
    missing = {str(key) for key in info["missing_keys"]}
    pooler = {key for key in missing if key.startswith("pooler.")}
    wrong = sorted(missing - pooler) + sorted(str(key) for key in info["mismatched_keys"])
    if wrong:
        # transformers fills these with random numbers, which nobody would notice.
        raise InputError(
            f"encoder {name}: {len(wrong)} weights are not in {folder} or have another shape, "
            f"for example {wrong[0]}. A whole checkpoint is needed."
        )
    _try_out(name, model)
    has_pooler = getattr(model, "pooler", None) is not None and not pooler
    return model, has_pooler


def _try_out(name: str, model: Any) -> None:
    """Raise InputError if a model does not turn tokens into states (an encoder-decoder)."""
    try:
        with torch.inference_mode():
            states = model(input_ids=torch.tensor([[1, 2]])).last_hidden_state
        found = str(tuple(states.shape))
    except Exception as error:  # noqa: BLE001 -- whatever a foreign model raises
        found = f"{type(error).__name__}: {error}"
    if found != str((1, 2, getattr(model.config, "hidden_size", None))):
        raise InputError(
            f"encoder {name} ({type(model).__name__}) does not make one state a token: {found}. "
            "An encoder such as BERT or RoBERTa is needed."
        )


def _fingerprint(folder: Path, kind: str) -> str:
    """Hash all that vectors depend on: every file, and RDKit, which standardises the SMILES."""
    content = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
    hashes = {p.name: files.sha256_file(p) for p in content if p.name not in _NOT_CONTENT}
    return files.sha256_json({"kind": kind, "files": hashes, "rdkit": rdkit.__version__})


def _metadata(folder: Path) -> dict[str, Any]:
    path = folder / METADATA
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}. Remove it or restore it.") from error
