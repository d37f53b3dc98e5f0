"""From a name or a path to an encoder."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol import files, paths
from w2s_mol.encoders import plugin_loading, random_bert
from w2s_mol.encoders.contract import METADATA, UNFINISHED, Encoder
from w2s_mol.encoders.precision import Precision, check_precision
from w2s_mol.errors import DownloadError, InputError, first_line, unknown_name
from w2s_mol.progress import Progress, silent

if TYPE_CHECKING:
    import torch

FIXED = ("rdkit2d", "ecfp")
MOLBERT = "molbert"
HUB_PREFIX = "hf:"
SHIPPED = "shipped"
FILE_PREFIX = "file:"
_RANDOM_SEEDS = 3


def _open_file(name: str, **_: Any) -> Encoder:
    from w2s_mol.encoders.file_encoder import open_file

    return open_file(name)


def _open_python(name: str, device: str | torch.device, **_: Any) -> Encoder:
    return plugin_loading.open_python(name, device)


def _open_skfp(name: str, device: str | torch.device, offline: bool) -> Encoder:
    from w2s_mol.encoders.skfp import open_skfp

    return open_skfp(name, device, offline)


OPENERS: dict[str, Callable[..., Encoder]] = {
    FILE_PREFIX: _open_file,
    "python:": _open_python,
    "skfp:": _open_skfp,
}
"""By prefix: who makes an encoder of the rest of its name, given ``device`` and ``offline``."""


def shipped_encoders() -> dict[str, Path]:
    """Return the pretrained encoders that the project ships: their names and folders."""
    root = paths.shipped("checkpoints")
    folders = [path.parent for path in root.glob("weak-h*/config.json")]
    return {folder.name: folder for folder in sorted(folders, key=_by_numbers)}


def shipped_strong_encoders() -> dict[str, Path]:
    """Return the pretrained strong encoders that the project ships, if any."""
    root = paths.shipped("checkpoints")
    return {path.parent.name: path.parent for path in sorted(root.glob("strong-*/config.json"))}


def shipped_metadata() -> list[dict[str, Any]]:
    """Return the name of each shipped weak encoder and how it was made."""
    return [
        {"name": name, **files.read_json(folder / METADATA)}
        for name, folder in shipped_encoders().items()
    ]


def _by_numbers(folder: Path) -> list[int | str]:
    """Return a key that puts weak-h8 before weak-h16."""
    parts = re.split(r"(\d+)", folder.name)
    return [int(part) if part.isdecimal() else part for part in parts]


def encoder_names() -> list[str]:
    """Return every name that ``load_encoder`` knows."""
    return [*_own_names(), *plugin_names()]


def _own_names() -> list[str]:
    return [*FIXED, MOLBERT, *shipped_encoders(), *shipped_strong_encoders()]


def plugin_names() -> dict[str, str]:
    """Return the encoders of installed packages and where each is; a name of ours stays ours."""
    ours = _own_names()
    return {
        name: where
        for name, where in plugin_loading.announced().items()
        if name not in ours and not random_bert.is_random(name)
    }


def expand_encoders(name: str) -> list[str]:
    """Return the encoders that one name stands for.

    ``shipped`` stands for all shipped weak encoders, ``random`` for three of each of their
    shapes that were never trained, a folder of encoder folders for those, and ``file:FOLDER`` for
    the Parquet files in it.
    """
    if name == SHIPPED:
        return list(shipped_encoders())
    if name == random_bert.FAMILY and not Path(name).is_dir():
        sizes = dict.fromkeys(made["hidden"] for made in shipped_metadata())
        return [f"random-h{hidden}-s{seed}" for hidden in sizes for seed in range(_RANDOM_SEEDS)]
    folder = Path(name.removeprefix(FILE_PREFIX))
    if name.startswith(FILE_PREFIX):
        inside = sorted(folder.glob("*.parquet"), key=_by_numbers) if folder.is_dir() else []
        return [f"{FILE_PREFIX}{path}" for path in inside] or [name]
    if folder.is_dir() and not (folder / "config.json").exists():
        found = (path.parent for path in folder.glob("*/config.json"))
        inside = [path for path in found if not path.name.startswith(".")]
        if not inside:
            under_way = next(folder.glob(f".*{UNFINISHED}"), None)
            raise InputError(
                f"{folder} holds no encoder: neither config.json nor folders that have one."
                + (f" A training is unfinished in {under_way}: --resume it." if under_way else "")
            )
        return [str(path) for path in sorted(inside, key=_by_numbers)]
    return [name]


def load_encoder(
    name: str | Path,
    device: str | torch.device = "auto",
    max_tokens: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    precision: Precision = "fp32",
) -> Encoder:
    """Load an encoder.

    Parameters
    ----------
    name
        ``rdkit2d``, ``ecfp``, ``molbert`` (fetched and converted on first use), the name of a
        shipped encoder (``weak-h32-s0``), ``random-h32-s0`` or ``random-h256-l6-s0`` (random
        weights, for null controls), the path of a folder that ``AutoModel`` loads, or
        ``hf:NAME_OR_PATH`` for any other Hugging Face text encoder. Embeddings that were made
        elsewhere: ``file:EMBEDDINGS.parquet``. Other code: ``python:MODULE:OBJECT``,
        ``skfp:NAME`` of scikit-fingerprints, or the name that an installed package announces.
    device
        ``auto``, ``cpu`` or ``cuda``.
    max_tokens
        Molecules of more tokens are invalid; by default what the encoder can read (512 for
        MolBERT's family, whose authors used 128).
    mirror, offline, progress
        Where to take MolBERT from, whether to refuse the network, and who is told the bytes done.
    precision
        Of a transformer: ``bf16`` computes in bfloat16, faster on a GPU and good to two digits.

    Returns
    -------
    Encoder
        ``encoder.embed(smiles, pooling="mean+pooled")`` gives the embeddings.

    Raises
    ------
    InputError
        If there is no such encoder, or its files are damaged.
    DownloadError
        If MolBERT or a hub encoder cannot be fetched.

    Examples
    --------
    >>> load_encoder("ecfp").embed(["CCO"]).embeddings.shape
    (1, 2048)
    """
    if not isinstance(name, str | Path):
        raise InputError(
            f"an encoder's name is a {type(name).__name__}. It should be a text: a name, the path "
            "of a folder, or hf:NAME."
        )
    name = str(name)
    check_precision(precision)
    if opened := _opened(name, device, offline):
        return opened
    if name == "rdkit2d":
        from w2s_mol.encoders.fixed import DescriptorEncoder

        return DescriptorEncoder()
    if name == "ecfp":
        from w2s_mol.encoders.fixed import MorganEncoder

        return MorganEncoder()
    folder = _folder(name, mirror, offline, progress)
    from w2s_mol.encoders import transformer

    resolved = transformer.resolve_device(device) if isinstance(device, str) else device
    label = folder.name if Path(name).is_dir() else name
    smiles_family = transformer.uses_smiles_vocabulary(folder)
    kind = transformer.SmilesBertEncoder if smiles_family else transformer.TextEncoder
    return kind(label, folder, resolved, max_tokens, precision)


def _opened(name: str, device: str | torch.device, offline: bool) -> Encoder | None:
    """Return the encoder of a name with a prefix, or of an installed package, if it is one."""
    for prefix, opener in OPENERS.items():
        if name.startswith(prefix):
            return opener(name.removeprefix(prefix), device=device, offline=offline)
    if name not in plugin_names():
        return None
    if (Path(name) / "config.json").is_file():
        raise InputError(
            f"{name!r} is an encoder of an installed package and also a folder here. Say "
            f"./{name} for the folder, or go elsewhere for the package's."
        )
    return plugin_loading.open_plugin(name, device)


def _folder(name: str, mirror: str | None, offline: bool, progress: Progress) -> Path:
    if name == MOLBERT:
        from w2s_mol.datasets.fetch import fetch
        from w2s_mol.encoders.molbert import molbert_folder

        [archive] = fetch("molbert", mirror, offline, progress)
        return molbert_folder(archive, progress)
    shipped = {**shipped_encoders(), **shipped_strong_encoders()}
    if name in shipped:
        if (Path(name) / "config.json").is_file():
            raise InputError(
                f"{name!r} is a shipped encoder and also a folder here. Say ./{name} for the "
                "folder, or go elsewhere for the shipped one."
            )
        return shipped[name]
    if random_bert.is_random(name) and not (Path(name) / "config.json").is_file():
        return random_bert.random_folder(name)
    local = Path(name.removeprefix(HUB_PREFIX))
    if (local / "config.json").is_file():
        return local
    if name.startswith(HUB_PREFIX):
        hub_name, _, revision = name.removeprefix(HUB_PREFIX).partition("@")
        return _hub_folder(hub_name, revision or None, offline)
    if local.exists() or "/" in name:
        raise InputError(
            f"encoder {name}: {local / 'config.json'} does not exist. Give a folder as "
            "save_pretrained writes it, or hf:NAME for one on the Hugging Face hub."
        )
    raise unknown_name(
        "encoder",
        name,
        encoder_names(),
        "Or random-hHIDDEN-sSEED, random-hHIDDEN-lLAYERS-sSEED, the path of a folder, "
        "hf:NAME_OR_PATH, file:EMBEDDINGS.parquet, python:MODULE:OBJECT or skfp:NAME.",
    )


def _hub_folder(name: str, revision: str | None, offline: bool) -> Path:
    from huggingface_hub import snapshot_download

    def snapshot(weights: str) -> Path:
        wanted = ["*.json", "*.txt", "*.model", weights]
        found = snapshot_download(
            name, revision=revision, allow_patterns=wanted, local_files_only=offline
        )
        return Path(found)

    try:
        folder = snapshot("*.safetensors")
        # Older models have a pickle alone, which transformers reads as weights only.
        return folder if any(folder.glob("*.safetensors")) else snapshot("pytorch_model*.bin")
    except Exception as error:  # the hub's client raises errors of many libraries
        raise DownloadError(
            f"cannot fetch {name}{f' at {revision}' if revision else ''} from the Hugging Face "
            f"hub: {first_line(error)} Check the name and the network, or give the path of a "
            "local folder."
        ) from error
