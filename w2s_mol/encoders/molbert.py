"""MolBERT's released checkpoint as a plain Hugging Face folder."""

from __future__ import annotations

import pickle
import re
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from transformers import BertModel

from w2s_mol import files, kept
from w2s_mol._version import __version__
from w2s_mol.encoders.legacy_pickle import StoredTensor, load_checkpoint
from w2s_mol.encoders.smiles_bert import bert_config, fixed_positions, new_bert, save_encoder
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent

_PREFIX = "model.bert."
_POSITIONS = "embeddings.position_embeddings"
_FREQUENCY = f"{_POSITIONS}.inv_freq"
_CHECKPOINT = "checkpoints/last.ckpt"
_SETTINGS = "hparams.yaml"
_FULL_HEADS, _TINY_HEADS = 12, 2
_MOST_LAYERS = 1_000
_MOST_SETTINGS = 100_000  # bytes of hparams.yaml
_MOST_GROWTH = 20


def convert_molbert(checkpoint: Path, folder: Path) -> Path:
    """Convert a MolBERT checkpoint into a folder that ``AutoModel`` loads.

    The encoder is exactly a ``BertModel`` whose position table is MolBERT's fixed one, written
    for 512 positions. Hidden, layer and intermediate sizes are read off the tensors; the heads
    are 12, or 2 where ``hparams.yaml`` in the folder above the checkpoint's says ``tiny: true``.

    Parameters
    ----------
    checkpoint
        A PyTorch Lightning checkpoint (``checkpoints/last.ckpt``); none of its code is run.
    folder
        Where the encoder goes; it must not exist.

    Raises
    ------
    InputError
        If the checkpoint cannot be read, or encoder tensors are missing, extra, misshapen or not
        finite (each named).
    """
    if folder.exists():
        raise InputError(f"{folder} exists. Choose another output folder, or remove it.")
    converted = _convert(checkpoint)
    with files.atomic_folder(folder) as temporary:
        converted.save(temporary)
    return folder


def molbert_folder(archive: Path, progress: Progress = silent) -> Path:
    """Return the converted encoder of a MolBERT zip, converting it once for its content."""
    entry = kept.Entry("encoders", files.sha256_file(archive))

    def make() -> _Converted:
        with files.scratch_folder(entry.path) as temporary:
            return _convert(_unpack(archive, temporary))

    return kept.kept(entry, make, _Converted.save, progress)


@dataclass(frozen=True)
class _Converted:
    model: BertModel
    card: str

    def save(self, folder: Path) -> None:
        save_encoder(self.model, folder, self.card)


def _convert(checkpoint: Path) -> _Converted:
    state = load_checkpoint(checkpoint).get("state_dict")
    if not isinstance(state, dict):
        raise InputError(f"{checkpoint} has no state_dict; a MolBERT checkpoint is expected.")
    tensors = _encoder_tensors(state, checkpoint)
    heads = _TINY_HEADS if _is_tiny(checkpoint.parent.parent / _SETTINGS) else _FULL_HEADS
    config = _config(tensors, heads, checkpoint)
    frequencies = tensors.pop(_FREQUENCY)
    with torch.device("meta"):  # shapes without memory: the tensors may not be of this size
        expected = BertModel(config).state_dict()
    expected.pop(f"{_POSITIONS}.weight")
    _check_tensors(tensors, {name: tuple(t.shape) for name, t in expected.items()}, checkpoint)
    _check_frequencies(frequencies, config.hidden_size, checkpoint)
    model = new_bert(config)
    weights = {name: torch.from_numpy(array) for name, array in tensors.items()}
    model.load_state_dict(weights, strict=False)  # all but the fixed positions, as just checked
    return _Converted(model, _card(checkpoint))


def _unpack(archive: Path, folder: Path) -> Path:
    """Take the two files that are needed out of the zip, to names of our own."""
    try:
        with zipfile.ZipFile(archive) as opened:
            for wanted in (_CHECKPOINT, _SETTINGS):
                members = [n for n in opened.namelist() if f"/{n}".endswith(f"/{wanted}")]
                if len(members) != 1:
                    raise InputError(
                        f"{archive} holds {len(members)} files named {wanted}, expected one. It "
                        "should be the zip of MolBERT's release."
                    )
                _refuse_bomb(archive, opened.getinfo(members[0]))
                target = folder / wanted
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(members[0]) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, EOFError, RuntimeError, zlib.error) as error:
        raise InputError(
            f"{archive} is not a whole zip: {error}. Remove it and fetch it again."
        ) from error
    return folder / _CHECKPOINT


def _refuse_bomb(archive: Path, member: zipfile.ZipInfo) -> None:
    """Refuse a member that grows many times when unpacked: weights hardly do."""
    if member.file_size > _MOST_GROWTH * member.compress_size + _MOST_SETTINGS:
        raise InputError(
            f"{archive} is not MolBERT's release: {member.filename} would grow from "
            f"{member.compress_size:,} to {member.file_size:,} bytes. Fetch it again."
        )


def _encoder_tensors(state: dict[str, Any], checkpoint: Path) -> dict[str, NDArray[np.float32]]:
    stored = [t for n, t in state.items() if isinstance(t, StoredTensor) and _is_encoders(n)]
    if sum(tensor.size for tensor in stored) > checkpoint.stat().st_size:
        raise InputError(
            f"{checkpoint} is damaged: its tensors have more elements than it has bytes. Fetch or "
            "copy it again."
        )
    try:
        tensors = {
            name.removeprefix(_PREFIX): tensor.array().astype(np.float32)
            for name, tensor in state.items()
            if isinstance(tensor, StoredTensor) and _is_encoders(name)
        }
    except (pickle.UnpicklingError, ValueError) as error:
        raise InputError(f"{checkpoint} is damaged: {error}. Fetch or copy it again.") from error
    needed = ("pooler.dense.bias", "encoder.layer.0.intermediate.dense.bias")
    for name in (*needed, _FREQUENCY):
        if name not in tensors:
            raise InputError(f"{checkpoint} has no tensor {_PREFIX}{name}; is it MolBERT's?")
    return tensors


def _is_encoders(name: Any) -> bool:
    return str(name).startswith(_PREFIX)


def _is_tiny(settings: Path) -> bool:
    if not settings.is_file():
        return False
    try:
        with settings.open("rb") as file:
            text = file.read(_MOST_SETTINGS + 1)
        if len(text) > _MOST_SETTINGS or any(
            isinstance(t, yaml.AliasToken) for t in yaml.scan(text)
        ):
            raise InputError(
                f"{settings} is not MolBERT's: it has aliases, or more than {_MOST_SETTINGS:,} "
                "bytes. Restore it or remove it."
            )
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{settings} is not YAML: {error}. Restore it or remove it.") from error
    return isinstance(values, dict) and values.get("tiny") is True


def _config(tensors: dict[str, NDArray[np.float32]], heads: int, checkpoint: Path):  # type: ignore[no-untyped-def]
    hidden = tensors["pooler.dense.bias"].size
    intermediate = tensors["encoder.layer.0.intermediate.dense.bias"].size
    numbers = (re.match(r"encoder\.layer\.([0-9]{1,9})\.", name) for name in tensors)
    layers = {int(number[1]) for number in numbers if number}
    if len(layers) != max(layers) + 1 or len(layers) > _MOST_LAYERS:
        raise InputError(
            f"{checkpoint} has {len(layers)} layers, the last of them numbered {max(layers):,}; "
            f"they should be numbered from 0 without a gap, and be at most {_MOST_LAYERS:,}. Fetch "
            "it again."
        )
    if hidden == 0 or intermediate == 0 or hidden % heads:
        raise InputError(
            f"{checkpoint}: hidden size {hidden} is not a multiple of {heads} heads. MolBERT has "
            f"12, or 2 where {_SETTINGS} in the folder above says 'tiny: true'."
        )
    return bert_config(hidden, len(layers), heads, intermediate, dropout=0.1)


def _check_frequencies(found: NDArray[np.float32], hidden: int, checkpoint: Path) -> None:
    expected = fixed_positions(2, hidden)[1, : hidden // 2].arcsin().numpy()
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-4):
        raise InputError(f"{checkpoint}: {_PREFIX}{_FREQUENCY} does not hold MolBERT's positions.")


def _check_tensors(
    tensors: dict[str, NDArray[np.float32]], expected: dict[str, tuple[int, ...]], checkpoint: Path
) -> None:
    faults = [f"missing {_PREFIX}{name}" for name in sorted(expected.keys() - tensors.keys())]
    faults += [f"unexpected {_PREFIX}{name}" for name in sorted(tensors.keys() - expected.keys())]
    for name in sorted(expected.keys() & tensors.keys()):
        if tensors[name].shape != expected[name]:
            faults.append(f"{_PREFIX}{name} is {tensors[name].shape}, expected {expected[name]}")
        elif not np.isfinite(tensors[name]).all():
            faults.append(f"{_PREFIX}{name} is not finite")
    if faults:
        raise InputError(
            f"{checkpoint} is not a whole MolBERT encoder: {'; '.join(faults)}. Fetch it again, "
            "or check that it was made by MolBERT's code."
        )


def _card(checkpoint: Path) -> str:
    return f"""---
library_name: transformers
tags: [chemistry, smiles, bert]
---
# MolBERT

Converted by w2s-mol {__version__} from `{checkpoint.name}`
(sha256 `{files.sha256_file(checkpoint)}`).
Fabian et al. 2020, "Molecular representation learning with language models and domain-relevant
auxiliary tasks", arXiv:2011.13230. It reads kekulé SMILES in 42 tokens.
"""
