"""MolBERT's released checkpoint as a plain Hugging Face folder."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from filelock import FileLock
from numpy.typing import NDArray

from w2s_mol import __version__, files, paths
from w2s_mol.encoders.legacy_pickle import StoredTensor, load_checkpoint
from w2s_mol.encoders.smiles_bert import bert_config, fixed_positions, new_bert, save_encoder
from w2s_mol.errors import InputError

_PREFIX = "model.bert."
_POSITIONS = "embeddings.position_embeddings"
_FREQUENCY = f"{_POSITIONS}.inv_freq"
_CHECKPOINT = "checkpoints/last.ckpt"
_SETTINGS = "hparams.yaml"
_FULL_HEADS, _TINY_HEADS = 12, 2


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
    state = load_checkpoint(checkpoint).get("state_dict")
    if not isinstance(state, dict):
        raise InputError(f"{checkpoint} has no state_dict; a MolBERT checkpoint is expected.")
    tensors = _encoder_tensors(state, checkpoint)
    heads = _TINY_HEADS if _is_tiny(checkpoint.parent.parent / _SETTINGS) else _FULL_HEADS
    model = new_bert(_config(tensors, heads, checkpoint))
    _check_frequencies(tensors.pop(_FREQUENCY), model.config.hidden_size, checkpoint)
    expected = model.state_dict()
    expected.pop(f"{_POSITIONS}.weight")
    _check_tensors(tensors, {name: tuple(t.shape) for name, t in expected.items()}, checkpoint)
    weights = {name: torch.from_numpy(array) for name, array in tensors.items()}
    model.load_state_dict(weights, strict=False)  # all but the fixed positions, as just checked
    with files.atomic_folder(folder) as temporary:
        save_encoder(model, temporary, _card(checkpoint))
    return folder


def molbert_folder(archive: Path) -> Path:
    """Return the converted encoder of a MolBERT zip, converting it once for its content."""
    digest = files.sha256_file(archive)
    folder = paths.home() / "encoders" / f"molbert-{digest[:16]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{folder.name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
                convert_molbert(_unpack(archive, Path(temporary)), folder)
    return folder


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
                target = folder / wanted
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(members[0]) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InputError(
            f"{archive} is not a whole zip: {error}. Remove it and fetch it again."
        ) from error
    return folder / _CHECKPOINT


def _encoder_tensors(state: dict[str, Any], checkpoint: Path) -> dict[str, NDArray[np.float32]]:
    tensors = {
        name.removeprefix(_PREFIX): tensor.array().astype(np.float32)
        for name, tensor in state.items()
        if name.startswith(_PREFIX) and isinstance(tensor, StoredTensor)
    }
    needed = ("embeddings.word_embeddings.weight", "encoder.layer.0.intermediate.dense.weight")
    for name in (*needed, _FREQUENCY):
        if name not in tensors:
            raise InputError(f"{checkpoint} has no tensor {_PREFIX}{name}; is it MolBERT's?")
    return tensors


def _is_tiny(settings: Path) -> bool:
    if not settings.is_file():
        return False
    try:
        values = yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{settings} is not YAML: {error}. Restore it or remove it.") from error
    return isinstance(values, dict) and values.get("tiny") is True


def _config(tensors: dict[str, NDArray[np.float32]], heads: int, checkpoint: Path):  # type: ignore[no-untyped-def]
    hidden = tensors["embeddings.word_embeddings.weight"].shape[-1]
    intermediate = tensors["encoder.layer.0.intermediate.dense.weight"].shape[0]
    layers = {int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer.")}
    if hidden % heads:
        raise InputError(
            f"{checkpoint}: hidden size {hidden} is not a multiple of {heads} heads. MolBERT has "
            f"12, or 2 where {_SETTINGS} in the folder above says 'tiny: true'."
        )
    return bert_config(hidden, max(layers) + 1, heads, intermediate, dropout=0.1)


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
