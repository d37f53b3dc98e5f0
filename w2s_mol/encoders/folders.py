"""From a name to the folder of an encoder's files."""

from __future__ import annotations

from pathlib import Path

from w2s_mol.encoders import adapted, random_bert
from w2s_mol.encoders.names import (
    HUB_PREFIX,
    MOLBERT,
    encoder_names,
    shipped_encoders,
    shipped_strong_encoders,
)
from w2s_mol.errors import DownloadError, InputError, first_line, unknown_name
from w2s_mol.progress import Progress

ENCODER = "encoder"
"""What a name is of that is no encoder's, in the error that says so."""


def encoder_folder(name: str, mirror: str | None, offline: bool, progress: Progress) -> Path:
    """Return the folder that a name stands for, fetched or made where it is not here yet.

    Raises
    ------
    InputError
        If there is no such encoder.
    DownloadError
        If it cannot be fetched.
    """
    if name == MOLBERT:
        from w2s_mol.datasets.fetch import fetch
        from w2s_mol.encoders.molbert import molbert_folder

        [archive] = fetch("molbert", mirror, offline, progress)
        return molbert_folder(archive, progress)
    if name.startswith(adapted.PREFIX):
        return adapted.adapted_folder(name)
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
        ENCODER,
        name,
        encoder_names(),
        "Or random-hHIDDEN-sSEED, random-hHIDDEN-lLAYERS-sSEED, random-bert-hHIDDEN-sSEED, "
        "adapted:NAME of 'w2s-mol adapt', the path of a folder, hf:NAME_OR_PATH, "
        "file:EMBEDDINGS.parquet, python:MODULE:OBJECT or skfp:NAME.",
    )


def _hub_folder(name: str, revision: str | None, offline: bool) -> Path:
    from huggingface_hub import snapshot_download

    def snapshot(weights: str) -> Path:
        wanted = ["*.json", "*.txt", "*.model", adapted.SEEN, weights]
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
