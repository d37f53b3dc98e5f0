"""Where training runs: several processes under ``torchrun``, and the memory of one."""

from __future__ import annotations

import ctypes
import os
import sys

import torch.distributed
from accelerate import PartialState

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h


def keep_freed_memory() -> None:
    """Let the C library keep the memory of one step for the next, on Linux.

    It gives large blocks back to the system and gets them again, zeroed, at every step: of a step
    of a 256 x 6 encoder on a CPU that takes a fifth.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, 32 << 20)  # the largest that glibc takes
        library.mallopt(_M_TRIM_THRESHOLD, 1 << 30)
        library.mallopt(_M_TOP_PAD, 64 << 20)


def join_processes(device: torch.device) -> None:
    """Meet the other processes, if there are any, so that they can wait for each other."""
    PartialState(cpu=device.type == "cpu")


def is_first_process() -> bool:
    """Say whether this is the process that writes files and prints."""
    return int(os.environ.get("RANK", "0")) == 0


def wait_for_all() -> None:
    """Wait until every process is here, if there are several."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()
