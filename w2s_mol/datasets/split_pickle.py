"""ChemBench's pickled split indices, read without admitting anything else a pickle could hold."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from w2s_mol.errors import InputError
from w2s_mol.inert_pickle import InertUnpickler, check_steps


class _Inert:
    """Stands for pandas' and numpy's classes, which only wrap the lists that are wanted."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class _ObjectArray(_Inert):
    """Stands for a numpy array of objects, whose state ends with the list of its elements."""

    elements: list[Any]

    def __setstate__(self, state: Any) -> None:
        self.elements = list(state[-1])


class _SplitUnpickler(InertUnpickler):
    """Admits what ChemBench's files name, and remembers their arrays of objects."""

    def __init__(self, data: bytes) -> None:
        file = io.BytesIO(data)
        check_steps(file)
        super().__init__(file)
        self.arrays: list[_ObjectArray] = []
        self._admitted: dict[tuple[str, str], Any] = {
            ("pandas.core.series", "Series"): _Inert,
            ("pandas.core.internals.managers", "SingleBlockManager"): _Inert,
            ("pandas.core.indexes.base", "_new_Index"): _Inert,
            ("pandas.core.indexes.range", "RangeIndex"): _Inert,
            ("numpy.core.multiarray", "_reconstruct"): self._new_array,
            ("numpy", "ndarray"): _Inert,
            ("numpy", "dtype"): _Inert,
            ("builtins", "slice"): slice,
        }

    def may_be_built(self, made: Any) -> bool:
        return isinstance(made, _Inert)

    def _new_array(self, *_: Any) -> _ObjectArray:
        self.arrays.append(_ObjectArray())
        return self.arrays[-1]

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._admitted[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None


def read_split_pickle(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
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
        unpickler = _SplitUnpickler(path.read_bytes())
        unpickler.load()
        [array] = unpickler.arrays
        train, valid, test = (
            np.array([_row(value) for value in part], dtype=np.int64) for part in array.elements
        )
    except Exception as error:
        # a damaged pickle raises errors of every kind
        raise InputError(
            f"{path} is not a ChemBench split: {error}. It should be a pickled Series of three "
            "lists of row numbers."
        ) from error

    return train, valid, test


def _row(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"a {type(value).__name__} is not a row number")
    return value
