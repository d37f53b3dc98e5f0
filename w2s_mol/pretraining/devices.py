"""Several processes under ``torchrun`` or ``accelerate launch``: which this is, and waiting."""

from __future__ import annotations

import os

import torch.distributed
from accelerate import PartialState


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
