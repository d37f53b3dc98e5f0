"""ChemBench's pickled split indices, read without admitting anything else a pickle could hold."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.errors import InputError


class _Frame:
    """Stands for pandas' Series, block manager and index: keeps what it was built from."""

    def __init__(self, *arguments: Any) -> None:
        self.state: Any = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _new_index(*_: Any) -> _Frame:
    return _Frame()


class _ObjectArray(list[Any]):
    """Stands for a numpy array of objects, whose state ends with the list of its elements."""

    def __setstate__(self, state: Any) -> None:
        self.extend(state[-1])


def _reconstruct(*_: Any) -> _ObjectArray:
    return _ObjectArray()


class _Type:
    """Stands for numpy's ndarray and dtype where they are only named."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


_ADMITTED: dict[tuple[str, str], Any] = {
    ("pandas.core.series", "Series"): _Frame,
    ("pandas.core.internals.managers", "SingleBlockManager"): _Frame,
    ("pandas.core.indexes.base", "_new_Index"): _new_index,
    ("pandas.core.indexes.range", "RangeIndex"): _Frame,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Type,
    ("numpy", "dtype"): _Type,
    ("builtins", "slice"): slice,
}


class _SplitUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def read_split_pickle(path: Path) -> tuple[NDArray[np.int64], ...]:
    """Read a ChemBench split.

    Parameters
    ----------
    path
        A pickled pandas Series of three lists of row numbers.

    Returns
    -------
    train, valid, test
        Row numbers, in the file's order.

    Raises
    ------
    InputError
        If the file holds anything but three lists of integers.
    """
    try:
        series = _SplitUnpickler(io.BytesIO(path.read_bytes())).load()
        lists = _object_lists(series)
        return tuple(np.array([_row(i) for i in part], dtype=np.int64) for part in lists)
    except Exception as error:  # a damaged pickle raises errors of every kind
        raise InputError(
            f"{path} is not a ChemBench split: {error}. It should be a pickled Series of three "
            "lists of row numbers."
        ) from error


def _row(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a row number")
    return value


def _object_lists(series: Any) -> list[list[Any]]:
    """Find the one array of objects inside a pickled Series; it has three lists."""
    found: list[_ObjectArray] = []

    def visit(value: Any) -> None:
        if isinstance(value, _ObjectArray):
            if value and all(isinstance(part, list) for part in value):
                found.append(value)
            for part in value:
                if not isinstance(part, list):
                    visit(part)
        elif isinstance(value, _Frame):
            visit(value.state)
        elif isinstance(value, dict):
            for part in value.values():
                visit(part)
        elif isinstance(value, list | tuple):
            for part in value:
                visit(part)

    visit(series)
    if not found or len(found[0]) != 3:
        raise ValueError("no three lists inside")
    return list(found[0])
