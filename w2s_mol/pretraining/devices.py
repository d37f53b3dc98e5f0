"""Where training runs: several processes under ``torchrun``, and the memory of one."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list

from w2s_mol.encoders.devices import Precision

Value = TypeVar("Value")

_PATIENCE = timedelta(days=1)  # while the first one prepares a corpus
_KERNELS_KEPT = "200"
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3  # of glibc's malloc.h


def tune_cpu_memory() -> None:
    """Make PyTorch keep fewer compiled kernels, and the C library the memory of one step.

    oneDNN keeps a kernel for each of a thousand shapes, and batches have many shapes: in bfloat16
    that is a gigabyte and slows what it should speed up. glibc gives large blocks back to the
    system at every step and gets them again, zeroed: a fifth of a step of a 256 x 6 encoder. A
    number of kernels that the user has set in the environment stays.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS_KEPT)
    os.environ.setdefault("LRU_CACHE_CAPACITY", _KERNELS_KEPT)  # PyTorch's own, above oneDNN's
    if sys.platform.startswith("linux") and hasattr(library := ctypes.CDLL(None), "mallopt"):
        library.mallopt(_M_MMAP_THRESHOLD, 32 << 20)  # the largest that glibc takes
        library.mallopt(_M_TRIM_THRESHOLD, 1 << 30)
        library.mallopt(_M_TOP_PAD, 64 << 20)


def join_processes(device: torch.device) -> None:
    """Meet the other processes, if there are any; each may be long in coming."""
    PartialState(cpu=device.type == "cpu", timeout=_PATIENCE)


def is_first_process() -> bool:
    """Say whether this is the process that writes files and prints."""
    return bool(PartialState().is_main_process)


def number_of_processes() -> int:
    """Return how many processes train together."""
    return int(PartialState().num_processes)


def wait_for_all() -> None:
    """Wait until every process is here, if there are several."""
    PartialState().wait_for_everyone()


def first_process_first() -> AbstractContextManager[None]:
    """Let the first process do something before the others do."""
    manager: AbstractContextManager[None] = PartialState().main_process_first()
    return manager


def decided_by_the_first(decide: Callable[[], Value]) -> Value:
    """Let the first process decide, and return what it says in every process."""
    values: list[Value] = broadcast_object_list([decide() if is_first_process() else None])
    return values[0]


def best_precision(device: torch.device) -> Precision:
    """Return bf16 for a GPU that computes in it, else fp32."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16"
    return "fp32"
