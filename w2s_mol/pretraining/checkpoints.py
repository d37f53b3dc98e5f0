"""The folder of an unfinished training: held by one process, gone on from its last checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import Timeout
from safetensors import SafetensorError
from transformers.trainer_utils import get_last_checkpoint

from w2s_mol import files
from w2s_mol.encoders.folder import UNFINISHED
from w2s_mol.errors import InputError, W2SMolError


def checkpoints_folder(output_dir: Path, names: Collection[str]) -> Path:
    """Return the folder that holds the checkpoints of encoders while they are trained together."""
    first, *others = sorted(names)
    beside = f"-with-{files.sha256_json(others)[:8]}" if others else ""
    return output_dir / f".{first}{beside}{UNFINISHED}"


def hold(checkpoints: Path, lock: ExitStack) -> None:
    """Keep a second training out of a folder of checkpoints while the first is at work.

    Raises
    ------
    InputError
        If there is one.
    """
    try:
        lock.enter_context(files.locked(checkpoints / ".lock", checkpoints, patience=0))
    except Timeout:
        raise InputError(
            f"another training is at work in {checkpoints}. Wait for it, or choose another "
            "--output-dir."
        ) from None


def last_whole_checkpoint(folder: Path) -> str | None:
    """Return the last checkpoint; what a kill left half-written is removed.

    The Trainer writes a checkpoint's ``trainer_state.json`` last.
    """
    while folder.is_dir() and (checkpoint := get_last_checkpoint(str(folder))):
        try:
            files.read_json(Path(checkpoint) / "trainer_state.json")
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)
        else:
            return str(checkpoint)
    return None


@contextmanager
def full_disk_told(folder: Path, way_on: str) -> Iterator[None]:
    """Raise W2SMolError, with the way to go on, where a training failed for want of room."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if not files.means_full_disk(error, folder):
            raise
        raise W2SMolError(f"no space left in {folder}. Free some and {way_on}.") from error
