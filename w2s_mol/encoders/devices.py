"""Where and in which arithmetic transformers run, by name. Imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from w2s_mol.errors import InputError, unknown_name
from w2s_mol.manifest import versions

if TYPE_CHECKING:
    import torch

Precision = Literal["fp32", "bf16"]


def check_precision(precision: str) -> None:
    """Raise InputError if arithmetic of this precision is not offered."""
    if precision not in get_args(Precision):
        raise unknown_name("precision", precision, get_args(Precision))


def check_device_name(name: str) -> None:
    """Raise InputError if there is no device of this name anywhere."""
    if name not in ("auto", "cpu", "cuda"):
        raise no_device(name)


def resolve_device(name: str | torch.device) -> torch.device:
    """Return the device of a name; ``auto`` is a GPU where there is one. A device is itself.

    Raises
    ------
    InputError
        If there is no such device here.
    """
    import torch

    if isinstance(name, torch.device):
        return name
    has_gpu = torch.cuda.is_available()
    check_device_name(name)
    if name == "cuda" and not has_gpu:
        raise no_device(name)
    return torch.device("cuda" if name != "cpu" and has_gpu else "cpu")


def place_of(device: str | torch.device) -> str:
    """Return what a device is called; PyTorch is imported only where there may be a GPU.

    Raises
    ------
    InputError
        If there is no such device here.
    """
    if device == "cpu" or (device == "auto" and str(versions("torch")["torch"]).endswith("+cpu")):
        return "cpu"
    return str(resolve_device(device))


def no_device(name: str) -> InputError:
    """Return the error for a device that cannot be used here."""
    return InputError(
        f"device {name!r} cannot be used here. It should be auto, cpu, or cuda where there is a "
        "GPU; choose among several with CUDA_VISIBLE_DEVICES."
    )
