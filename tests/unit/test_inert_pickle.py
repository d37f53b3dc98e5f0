"""What a pickle of someone else may ask for, and may not touch."""

from __future__ import annotations

import io
import pickle
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from w2s_mol.encoders import legacy_pickle
from w2s_mol.encoders.legacy_pickle import load_checkpoint
from w2s_mol.errors import InputError
from w2s_mol.inert_pickle import check_steps

FOUR_GB = struct.pack("<I", 0xFFFFFFFF)
BOMBS = {
    "a text of 4 GB": b"X" + FOUR_GB + b".",
    "bytes of 2^63": b"\x8e" + struct.pack("<Q", 2**63 - 1) + b".",
    "a bytearray of 2^62": b"\x96" + struct.pack("<Q", 2**62) + b".",
    "a number of 2 GB": b"\x8b" + struct.pack("<i", 2**31 - 1) + b".",
    "a memo of 4 billion": b"Nr" + FOUR_GB + b".",
    "a frame of 2^60": b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_a_pickle_that_asks_for_more_than_it_has_is_refused_before_memory_is_taken(
    bomb: bytes, tmp_path: Path
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError):  # noqa: PT011 -- pickletools' own words
        check_steps(io.BytesIO(bomb))
    (tmp_path / "a.ckpt").write_bytes(bomb)
    with pytest.raises(InputError, match="not a whole PyTorch checkpoint"):
        load_checkpoint(tmp_path / "a.ckpt")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000  # kB


def test_an_honest_pickle_is_read_through_and_the_file_left_at_its_start() -> None:
    file = io.BytesIO(pickle.dumps({"a": list(range(1000)), "b": "x" * 1000}))
    check_steps(file)
    assert file.tell() == 0


def _legacy(content: bytes) -> bytes:
    """Return a legacy checkpoint whose third pickle is the content given."""
    head = [legacy_pickle._LEGACY_MAGIC, legacy_pickle._LEGACY_PROTOCOL, {"little_endian": True}]
    return b"".join(pickle.dumps(one, 2) for one in head) + content + pickle.dumps([], 2)


TRACES = {
    # c: push a global, then BUILD with (None, slots) or a dict
    "defaults of a function": b"ctorch._utils\n_rebuild_tensor_v2\nN}X\x0c\x00\x00\x00__defaults__"
    b"K\x01\x85s\x86b.",
    "dict of a function": b"ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.",
    "a storage's type": b"ctorch\nFloatStorage\n}X\x05\x00\x00\x00dtypeX\x03\x00\x00\x00<i8sb.",
    "a class": b"ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb.",
}


@pytest.mark.parametrize("content", TRACES.values(), ids=TRACES.keys())
def test_a_hostile_checkpoint_leaves_no_trace_in_the_reader(content: bytes, tmp_path: Path) -> None:
    admitted = legacy_pickle._ADMITTED
    before = {key: dict(getattr(value, "__dict__", {})) for key, value in admitted.items()}
    (tmp_path / "a.ckpt").write_bytes(_legacy(content))
    with pytest.raises(InputError, match="it changes a"):
        load_checkpoint(tmp_path / "a.ckpt")
    after = {key: dict(getattr(value, "__dict__", {})) for key, value in admitted.items()}
    assert before == after
    assert legacy_pickle._rebuild_tensor.__defaults__ is None
    torch.save({"w": torch.ones(2)}, tmp_path / "b.ckpt")
    np.testing.assert_array_equal(load_checkpoint(tmp_path / "b.ckpt")["w"].array(), [1, 1])


def test_a_key_nested_a_hundred_thousand_deep_does_not_end_the_process(tmp_path: Path) -> None:
    (tmp_path / "a.ckpt").write_bytes(_legacy(b"})" + b"\x85" * 100_000 + b"Ns."))
    with pytest.raises(InputError, match="a tuple as a key"):
        load_checkpoint(tmp_path / "a.ckpt")


def test_a_tensor_of_stride_0_is_not_expanded(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1).expand(10**6, 10**6)}, tmp_path / "a.ckpt")
    with pytest.raises(pickle.UnpicklingError, match="more elements than its storage"):
        load_checkpoint(tmp_path / "a.ckpt")["w"].array()


def test_a_checkpoint_whose_zip_is_compressed_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", b"\0" * 50_000_000)
    with pytest.raises(InputError, match="is compressed"):
        load_checkpoint(tmp_path / "a.ckpt")
