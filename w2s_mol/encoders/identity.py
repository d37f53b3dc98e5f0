"""What an encoder is, as far as its files alone say it; nothing is imported or loaded for it."""

from __future__ import annotations

from pathlib import Path

from w2s_mol import file_hashes
from w2s_mol.datasets.sources import get_source, local_path
from w2s_mol.encoders import adapted, random_bert
from w2s_mol.encoders.folder import folder_fingerprint
from w2s_mol.encoders.names import (
    FILE_PREFIX,
    FIXED,
    MOLBERT,
    PEER,
    SELF,
    shipped_encoders,
    shipped_strong_encoders,
)


def identity(name: str) -> str | None:
    """Return what stands for an encoder's content, or None where its files do not say it.

    Two names with the same one are the same encoder; code that is not ours has none.
    """
    if name in (*FIXED, SELF, PEER):
        return name
    if name.startswith(FILE_PREFIX):
        return _of_file(Path(name.removeprefix(FILE_PREFIX)).expanduser())
    if name == MOLBERT:
        return _of_file(local_path(get_source(MOLBERT).files[0]))
    if random_bert.is_random(name) and not _is_folder(name):
        return random_bert.content_key(name)
    folder = _folder(name)
    return folder_fingerprint(folder, None, "fp32") if folder else None


def _folder(name: str) -> Path | None:
    if name.startswith(adapted.PREFIX):
        return adapted.adapted_encoders().get(name)
    shipped = {**shipped_encoders(), **shipped_strong_encoders()}.get(name)
    if _is_folder(name):
        return None if shipped else Path(name)  # which of the two is meant is not said
    return shipped


def _is_folder(name: str) -> bool:
    return (Path(name) / "config.json").is_file()


def _of_file(path: Path) -> str | None:
    return file_hashes.known([path])[path] if path.is_file() else None
