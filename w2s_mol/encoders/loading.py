"""From a name or a path to an encoder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol.encoders import adapted, plugin_loading
from w2s_mol.encoders.contract import Encoder
from w2s_mol.encoders.devices import Precision, check_precision
from w2s_mol.encoders.folders import encoder_folder
from w2s_mol.encoders.names import FILE_PREFIX, PYTHON, SKFP, plugin_names, reads_molecules_alone
from w2s_mol.encoders.ref import EncoderFolder, EncoderRef, FolderRef, OpenRef, check_reads
from w2s_mol.errors import InputError
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.progress import Progress, silent

if TYPE_CHECKING:
    import torch

_MOLECULES = Molecules()


def _open_file(name: str, items: Items, **_: Any) -> Encoder:
    from w2s_mol.encoders.file_encoder import open_file

    return open_file(name, items)


def _open_python(name: str, device: str | torch.device, **_: Any) -> Encoder:
    return plugin_loading.open_python(name, device)


def _open_skfp(name: str, device: str | torch.device, offline: bool, **_: Any) -> Encoder:
    from w2s_mol.encoders.skfp import open_skfp

    return open_skfp(name, device, offline)


OPENERS: dict[str, Callable[..., Encoder]] = {
    FILE_PREFIX: _open_file,
    PYTHON: _open_python,
    SKFP: _open_skfp,
}
"""By prefix: who makes an encoder of the rest of its name; given device, offline and items."""


def load_encoder(
    name: str | Path,
    device: str | torch.device = "auto",
    max_tokens: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    precision: Precision = "fp32",
    items: Items = _MOLECULES,
) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name
        ``rdkit2d``, ``ecfp``, ``molbert`` (fetched and converted on first use), the name of a
        shipped encoder (``weak-h32-s0``), ``random-h32-s0`` or ``random-h256-l6-s0`` (random
        weights, for null controls; ``random-bert-h32-s0`` as BERT is initialised),
        ``adapted:NAME`` of ``w2s-mol adapt``, the path of a folder that ``AutoModel`` loads, or
        ``hf:NAME_OR_PATH`` for any other Hugging Face text encoder. Embeddings that were made
        elsewhere: ``file:EMBEDDINGS.parquet``. Other code: ``python:MODULE:OBJECT``, ``skfp:NAME``
        of scikit-fingerprints, or the name that an installed package announces.
    device
        ``auto``, ``cpu`` or ``cuda``.
    max_tokens
        Molecules of more tokens are invalid; by default what the encoder can read (512 for
        MolBERT's family, whose authors used 128).
    mirror, offline, progress
        Where to take MolBERT from, whether to refuse the network, and who is told the bytes done.
    precision
        Of a transformer: ``bf16`` computes in bfloat16, faster on a GPU and good to two digits.
    items
        What it is to read: ``items.molecules.Molecules(max_atoms)``, or ``items.texts.Texts()``,
        which Hugging Face text encoders and files of embeddings can.

    Returns
    -------
    Encoder
        ``encoder.embed(smiles, pooling="mean+pooled")`` gives the embeddings.

    Raises
    ------
    InputError
        If there is no such encoder, it does not read such items, or its files are damaged.
    DownloadError
        If MolBERT or a hub encoder cannot be fetched.

    Examples
    --------
    >>> load_encoder("ecfp").embed(["CCO"]).embeddings.shape
    (1, 2048)
    """
    found = _found(name, device, max_tokens, mirror, offline, progress, precision, items)
    return found.open() if isinstance(found, EncoderFolder) else found


def find_encoder(
    name: str | Path,
    device: str | torch.device = "auto",
    max_tokens: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    precision: Precision = "fp32",
    items: Items = _MOLECULES,
) -> EncoderRef:
    """Find an encoder without loading its weights, where it is known what it is.

    Parameters and errors are those of ``load_encoder``.

    Examples
    --------
    >>> find_encoder("weak-h32-s0").hidden
    32
    """
    found = _found(name, device, max_tokens, mirror, offline, progress, precision, items)
    return FolderRef(found) if isinstance(found, EncoderFolder) else OpenRef(found, str(name))


def _found(
    name: str | Path,
    device: str | torch.device,
    max_tokens: int | None,
    mirror: str | None,
    offline: bool,
    progress: Progress,
    precision: Precision,
    items: Items,
) -> Encoder | EncoderFolder:
    """Return an encoder that has no weights or is code that is not ours, or the folder of one."""
    if not isinstance(name, str | Path):
        raise InputError(
            f"an encoder's name is a {type(name).__name__}. It should be a text: a name, the path "
            "of a folder, or hf:NAME."
        )
    name = str(name)
    check_precision(precision)
    if items.name not in Encoder.reads and reads_molecules_alone(name):
        # Before anything is fetched or run for it.
        check_reads(name, Encoder.reads, items)
    if opened := _opened(name, device, offline, items):
        opened.items = items
        return opened
    folder = encoder_folder(name, mirror, offline, progress)
    named_by_folder = folder == Path(name) or name.startswith(adapted.PREFIX)
    label = adapted.marked(folder.name if named_by_folder else name, folder)
    return EncoderFolder(name, label, folder, device, max_tokens, precision, items)


def _opened(name: str, device: str | torch.device, offline: bool, items: Items) -> Encoder | None:
    """Return the encoder of a name that is in no folder of ours, if it is one."""
    for prefix, opener in OPENERS.items():
        if name.startswith(prefix):
            found = opener(name.removeprefix(prefix), device=device, offline=offline, items=items)
            check_reads(name, found.reads, items)
            return found
    if name == "rdkit2d":
        from w2s_mol.encoders.fixed import DescriptorEncoder

        return DescriptorEncoder()
    if name == "ecfp":
        from w2s_mol.encoders.fixed import MorganEncoder

        return MorganEncoder()
    if name not in plugin_names():
        return None
    if (Path(name) / "config.json").is_file():
        raise InputError(
            f"{name!r} is an encoder of an installed package and also a folder here. Say "
            f"./{name} for the folder, or go elsewhere for the package's."
        )
    return plugin_loading.open_plugin(name, device)
