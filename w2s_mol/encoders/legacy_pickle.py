"""Reading PyTorch checkpoints, legacy or zipped, without running any of their code.

A pickle names classes and functions to call. Here every name but those of tensors and plain
containers becomes an inert stand-in, so nothing that a checkpoint names is imported or called,
and neither Lightning nor the author's package needs to be installed.
"""

from __future__ import annotations

import io
import math
import mmap
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.errors import InputError
from w2s_mol.inert_pickle import InertUnpickler, check_steps, plain_key

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_MOST_ELEMENTS = 2**40
_STORAGE_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "|b1",
}


class Inert(dict[Any, Any]):
    """Stands for an object of a class that is not admitted: holds items, does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.update(state)

    def append(self, *_: Any) -> None:
        """Take a list item and forget it."""

    def extend(self, *_: Any) -> None:
        """Take list items and forget them."""

    def add(self, *_: Any) -> None:
        """Take a set item and forget it."""


class _Ordered(dict[Any, Any]):
    """Stands for an ordered dict, whose attributes (the versions of its tensors) are not kept."""

    def __setstate__(self, state: Any) -> None: ...


@dataclass
class _Storage:
    dtype: np.dtype[Any]
    size: int
    data: NDArray[Any] | None = None


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that a checkpoint describes; ``array`` reads it once its storage is loaded."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)

    def array(self) -> NDArray[Any]:
        """Return a copy of the tensor's values."""
        data = self.storage.data
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True))
        inside = min((*self.shape, *self.stride, self.offset), default=0) >= 0
        if data is None or not inside or (0 not in self.shape and last >= len(data)):
            raise pickle.UnpicklingError("a tensor reaches outside its storage")
        if self.size > len(data):  # a stride of 0 makes any number of elements of one
            raise pickle.UnpicklingError("a tensor has more elements than its storage")
        strides = tuple(step * data.itemsize for step in self.stride)
        return np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides).copy()


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any
) -> StoredTensor:
    numbers = (offset, *shape, *stride)
    if not isinstance(storage, _Storage) or not all(
        type(number) is int and 0 <= number < _MOST_ELEMENTS for number in numbers
    ):
        raise pickle.UnpicklingError("a tensor of no shape")
    return StoredTensor(storage, offset, tuple(shape), tuple(stride))


def _rebuild_parameter(tensor: StoredTensor, *_: Any) -> StoredTensor:
    return tensor


class _StorageType:
    """Stands for a storage class in a persistent id."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)


_ADMITTED: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): _StorageType(dtype) for name, dtype in _STORAGE_DTYPES.items()},
}


class _TensorUnpickler(InertUnpickler):
    def __init__(self, file: IO[bytes], storages: dict[str, _Storage]) -> None:
        check_steps(file)
        super().__init__(file, encoding="utf-8")
        self._storages = storages

    def may_be_built(self, made: Any) -> bool:
        return isinstance(made, Inert | _Ordered)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return self._new_ordered
        return _ADMITTED.get((module, name), Inert)

    def _new_ordered(self, *pairs: Any) -> _Ordered:
        made = _Ordered()
        for items in pairs[:1]:
            self.copied(items)
            for key, value in list(items):
                made[plain_key(key)] = value
        return made

    def persistent_load(self, pid: Any) -> _Storage:
        if not (isinstance(pid, tuple) and len(pid) >= 5 and pid[0] == "storage"):
            raise pickle.UnpicklingError("an unknown persistent id")
        _, kind, key, _location, size, *view = pid
        # What is not plain is not put into words: nested tuples can be endless there.
        if not isinstance(size, int) or size < 0 or not isinstance(key, str | int):
            raise pickle.UnpicklingError("a storage without a name or a size")
        if not isinstance(kind, _StorageType) or (view and view[0] is not None):
            raise pickle.UnpicklingError("a storage of an unsupported type")
        return self._storages.setdefault(str(key), _Storage(kind.dtype, int(size)))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a PyTorch checkpoint; tensors come out as ``StoredTensor``.

    Parameters
    ----------
    path
        A checkpoint in the legacy format of torch before 1.6, or in the zip format since.

    Raises
    ------
    InputError
        If the file is missing, truncated, not a checkpoint, or not a dict at its top.
    """
    if not path.is_file():
        raise InputError(f"checkpoint {path} is not a file.")
    try:
        if zipfile.is_zipfile(path):
            content = _load_zip(path)
        else:
            # Mapped, a file gives what it has, however much is asked of it.
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
                content = _load_legacy(m)
    except InputError:
        raise
    except Exception as error:  # a damaged pickle raises errors of every kind
        raise InputError(
            f"{path} is not a whole PyTorch checkpoint: {type(error).__name__}: {error}. "
            "Fetch or copy it again."
        ) from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, expected a dict of tensors.")
    return content


def _load_legacy(file: Any) -> Any:
    storages: dict[str, _Storage] = {}

    def read() -> Any:
        return _TensorUnpickler(file, storages).load()

    if read() != _LEGACY_MAGIC or read() != _LEGACY_PROTOCOL:
        raise pickle.UnpicklingError("no PyTorch magic number at its start")
    if not read().get("little_endian", False):
        raise pickle.UnpicklingError("big-endian storages are not supported")
    content = read()
    for key in read():
        storage = storages[str(key)]
        size = int(np.frombuffer(file.read(8), dtype="<i8")[0])
        length = size * storage.dtype.itemsize
        if size != storage.size or length > file.size() - file.tell():
            raise pickle.UnpicklingError("a storage is truncated")
        storage.data = np.frombuffer(file.read(length), dtype=storage.dtype)
    return content


def _load_zip(path: Path) -> Any:
    storages: dict[str, _Storage] = {}
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise pickle.UnpicklingError("no data.pkl inside")
        content = _TensorUnpickler(io.BytesIO(_stored(archive, pickles[0])), storages).load()
        prefix = pickles[0].removesuffix("data.pkl")
        for key, storage in storages.items():
            name = f"{prefix}data/{key}"
            storage.data = np.frombuffer(_stored(archive, name), dtype=storage.dtype)
    return content


def _stored(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member as torch writes them, not compressed: it is then no larger than the file."""
    if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
        raise pickle.UnpicklingError(f"{name} is compressed, which PyTorch's files never are")
    return archive.read(name)
