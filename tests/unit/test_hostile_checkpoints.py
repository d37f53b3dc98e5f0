"""Handmade pickles that ask for more than they are: refused before memory is taken."""

from __future__ import annotations

import collections
import pickle
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from w2s_mol import inert_pickle
from w2s_mol.datasets.split_pickle import read_split_pickle
from w2s_mol.encoders import legacy_pickle
from w2s_mol.encoders.legacy_pickle import Inert, StoredTensor, load_checkpoint
from w2s_mol.errors import InputError

FOUR_GB, TERABYTE = struct.pack("<I", 0xF0000000), struct.pack("<Q", 1 << 40)
TUPLES = b"K\x00K\x01\x86" + 60 * b"2\x86"  # each of the last twice: 2 ** 60 parts
ITEMS = b"".join(b"J" + struct.pack("<i", n) + b"N" for n in range(1000))
BOMBS = {
    "BINBYTES8": b"\x80\x04\x8e" + TERABYTE + b".",
    "BINUNICODE8": b"\x80\x04\x8d" + TERABYTE + b".",
    "BYTEARRAY8": b"\x80\x05\x96" + TERABYTE + b".",
    "BINBYTES": b"\x80\x03B" + FOUR_GB + b".",
    "BINUNICODE": b"\x80\x02X" + FOUR_GB + b".",
    "BINSTRING": b"\x80\x02T" + struct.pack("<i", 1 << 30) + b".",
    "LONG4": b"\x80\x02\x8b" + struct.pack("<i", 1 << 30) + b".",
    "FRAME": b"\x80\x04\x95" + TERABYTE + b"N.",
    "LONG_BINPUT": b"\x80\x02}r" + FOUR_GB + b".",
    "PUT": b"}p99999999999999\n.",
    "steps without end": b"\x80\x02" + b"N0" * 110_000 + b"N.",
    "a key of nested tuples": b"\x80\x02}" + TUPLES + b"K\x01s.",
    "a set of nested tuples": b"\x80\x04\x8f(" + TUPLES + b"\x90.",
    "a frozen set of nested tuples": b"\x80\x04(" + TUPLES + b"\x91.",
    "a storage named by nested tuples": b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    + TUPLES + b"NK\x01NtQ.",
    "a storage sized by nested tuples": b"\x80\x02(X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"K\x00N" + TUPLES + b"NtQ.",
    "pairs with nested keys": b"\x80\x02ccollections\nOrderedDict\n](" + TUPLES
    + b"K\x01\x86e\x85R.",
    "many classes": b"\x80\x02" + b"ca\nb\n0" * 50_000 + b"N.",
    "copies of a dict": b"\x80\x02}(" + ITEMS + b"uq\x00" + b"ca\nb\n)Rh\x00b" * 500 + b".",
    "copies of a list": b"\x80\x02](" + b"K\x00K\x01\x86" * 1000 + b"eq\x00"
    + b"ccollections\nOrderedDict\nh\x00\x85R" * 500 + b".",
    "nested very deep": b"\x80\x02" + b"]" * 90_000 + b"a" * 89_999 + b".",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("_MOST_STEPS", "_MOST_COPIED"):
        monkeypatch.setattr(inert_pickle, name, 200_000)  # of two million, to be quick
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6


@pytest.fixture
def load(tmp_path: Path) -> Callable[[bytes], dict]:
    """Read a legacy checkpoint whose content is a given pickle; it has no storages."""

    def load(content: bytes) -> dict:
        path = tmp_path / "a.ckpt"
        head = (legacy_pickle._LEGACY_MAGIC, legacy_pickle._LEGACY_PROTOCOL)
        parts = [*map(pickle.dumps, head), pickle.dumps({"little_endian": True}), content]
        path.write_bytes(b"".join([*parts, pickle.dumps([])]))
        return load_checkpoint(path)

    return load


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_in_a_checkpoint_is_refused(load: Callable, name: str) -> None:
    with pytest.raises(InputError, match=r"a\.ckpt (is not a whole PyTorch|holds a)"):
        load(BOMBS[name])


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_for_a_split_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(BOMBS[name])
    with pytest.raises(InputError, match="is not a ChemBench split"):
        read_split_pickle(path)


REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
CHANGES = {
    "a function": REBUILD + b"}X\x0c\x00\x00\x00__defaults__(K\x00tsb0}.",
    "a function's slots": REBUILD + b"N}X\x0c\x00\x00\x00__defaults__)s\x86b0}.",
    "a storage class": b"ctorch\nFloatStorage\n}X\x05\x00\x00\x00dtypeK\x01sb0}.",
    "a class": b"ccollections\nOrderedDict\n}X\x04\x00\x00\x00evilK\x01sb0}.",
    "an inert class": b"cevil\nName\n}X\x06\x00\x00\x00updateK\x01sb0}.",
    "a class's items": b"cevil\nName\nK\x01K\x02s0}.",
    "a call of a storage class": b"ctorch\nFloatStorage\nX\x02\x00\x00\x00<f8\x85R0}.",
    "a call of what is no class": b"}K\x01\x85R0}.",
    "a new object of a function": REBUILD + b")\x810}.",
    "an instance of a storage class": b"(itorch\nFloatStorage\n0}.",
}


def state_of_the_reader() -> list:
    readers = [legacy_pickle._rebuild_tensor, legacy_pickle._rebuild_parameter]
    kinds = [legacy_pickle._StorageType, Inert, StoredTensor, collections.OrderedDict]
    things = [*readers, *kinds, *legacy_pickle._ADMITTED.values()]
    of_functions = [(f.__defaults__, f.__kwdefaults__, f.__code__) for f in readers]
    of_all = [sorted(map(str, getattr(thing, "__dict__", {}).items())) for thing in things]
    return [*of_functions, *of_all]


@pytest.mark.parametrize("name", CHANGES)
def test_a_hostile_checkpoint_leaves_no_trace_in_the_process(load: Callable, name: str) -> None:
    before = state_of_the_reader()
    with pytest.raises(InputError, match="is not a whole PyTorch checkpoint"):
        load(b"\x80\x02" + CHANGES[name])
    assert state_of_the_reader() == before


def test_states_of_inert_objects_are_kept_and_notes_of_ordered_dicts_are_not(
    load: Callable,
) -> None:
    inert = b"X\x01\x00\x00\x00acevil\nName\n)R}X\x01\x00\x00\x00bK\x01sb"
    noted = b"X\x01\x00\x00\x00cccollections\nOrderedDict\n)R}X\x04\x00\x00\x00itemK\x01sb"
    found = load(b"\x80\x02}(" + inert + noted + b"u.")
    assert found["a"] == {"b": 1}
    assert found["c"] == {}
    assert not hasattr(found["c"], "item")


def saved(path: Path, tensor: torch.Tensor, zipped: bool) -> Path:
    torch.save({"w": tensor}, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_tensor_that_repeats_one_element_without_end_is_refused(
    tmp_path: Path, zipped: bool
) -> None:
    path = saved(tmp_path / "a.ckpt", torch.ones(1).expand(10**12), zipped)
    with pytest.raises(pickle.UnpicklingError, match="more elements than its storage"):
        load_checkpoint(path)["w"].array()


@pytest.mark.parametrize("size", [-1, 1 << 40, (1 << 62) - 1])
def test_a_storage_beyond_its_file_is_refused(load: Callable, tmp_path: Path, size: int) -> None:
    path = saved(tmp_path / "b.ckpt", torch.ones(7), zipped=False)
    whole = path.read_bytes()
    seven = pickle.dumps(7, 2)[2:-1]  # the size in the persistent id
    large = b"\x8a\x08" + struct.pack("<q", size)
    altered = whole.replace(b"cpuq\x05" + seven, b"cpuq\x05" + large)
    if altered == whole:
        altered = whole.replace(seven + b"N", large + b"N", 1)
    assert altered != whole
    place = altered.rindex(struct.pack("<q", 7) + struct.pack("<f", 1.0))
    path.write_bytes(altered[:place] + struct.pack("<q", size) + altered[place + 8 :])
    with pytest.raises(
        InputError,
        match=r"truncated|without a name or a size|"
        r"reaches|past",
    ):
        load_checkpoint(path)
