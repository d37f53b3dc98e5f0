"""Where training runs: several processes under ``torchrun``, and the memory of one."""

from __future__ import annotations

import ctypes
import os
import sys

import torch.distributed
from accelerate import PartialState

_KERNELS_KEPT = "200"
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h


def tune_cpu_memory() -> None:
    """Make PyTorch keep fewer compiled kernels, and the C library the memory of one step.

    oneDNN keeps a kernel for each of a thousand shapes, and batches have many shapes: in bfloat16
    that is a gigabyte and slows what it should speed up. glibc gives large blocks back to the
    system at every step and gets them again, zeroed: a fifth of a step of a 256 x 6 encoder. What
    the user has set in the environment stays.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS_KEPT)
    os.environ.setdefault("LRU_CACHE_CAPACITY", _KERNELS_KEPT)  # PyTorch's own, above oneDNN's
    if sys.platform.startswith("linux") and hasattr(library := ctypes.CDLL(None), "mallopt"):
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
