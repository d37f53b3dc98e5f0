"""How many processes work on shards where nobody says."""

from __future__ import annotations

import os
from contextlib import suppress

from w2s_mol.processes import usable_cores

_BYTES_EACH = 1 << 30
"""Of a process with an encoder and a shard."""


def default_workers(device: object) -> int:
    """Return how many processes a machine has room for: one a core, or one for its GPU.

    Parameters
    ----------
    device
        Where encoders run: ``auto``, ``cpu``, ``cuda``, or a device of torch.
    """
    return 1 if _is_gpu(device) else _room_for(usable_cores())


def default_readers(device: object) -> int:
    """Return how many processes read for the one that has the GPU; none where there is none."""
    return _room_for(usable_cores() - 1) if _is_gpu(device) else 0


def _room_for(processes: int) -> int:
    return max(1, min(processes, _free_memory() // _BYTES_EACH))


def _is_gpu(device: object) -> bool:
    return str(device).startswith("cuda") or (str(device) == "auto" and _has_gpu())


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _free_memory() -> int:
    """Return the bytes that are free; as many as there can be where the system does not say."""
    with suppress(OSError, ValueError, AttributeError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 1 << 62
