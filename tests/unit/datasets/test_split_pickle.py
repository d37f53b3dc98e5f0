from __future__ import annotations

import os
import pickle
import pickletools
import subprocess

import numpy as np
import pandas as pd
import pytest

from w2s_mol.datasets.split_pickle import read_split_pickle
from w2s_mol.datasets.splits import file_split
from w2s_mol.errors import InputError

SIZES = {
    "ESOL": (902, 113, 113),
    "FreeSolv": (513, 64, 65),
    "Lipop": (3360, 420, 420),
    "BACE": (1210, 151, 152),
    "BBBP": (1631, 204, 204),
}
FILES = [
    f"chembench/{name}/{name}.{'scaffold' if name in ('BACE', 'BBBP') else 'random'}{seed}.ind.pkl"
    for name in SIZES
    for seed in (122, 123, 124)
]


def pickled_array(elements: object) -> bytes:
    """A pickle of numpy's array of objects, as ChemBench's files hold one."""
    state = pickle.dumps((1, (3,), None, False, elements), 2)[2:-1]
    return b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n)R" + state + b"b."


class Call:
    """Pickles as a call that unpickling would make."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture
def read(write):
    return lambda data: read_split_pickle(write("split.pkl", data))


def test_three_lists_of_row_numbers_are_read_in_their_order(read):
    train, valid, test = read(pickled_array([[3, 0], [1], [2, 70_000]]))
    assert [part.tolist() for part in (train, valid, test)] == [[3, 0], [1], [2, 70_000]]
    assert {part.dtype for part in (train, valid, test)} == {np.dtype(np.int64)}


def attacks(marker):
    touch = f"touch {marker}"
    return {
        "os.system": Call(os.system, touch),
        "subprocess": Call(subprocess.call, ["touch", str(marker)]),
        "eval": Call(eval, f"open({str(marker)!r}, 'w')"),
        "exec": Call(exec, f"open({str(marker)!r}, 'w')"),
        "getattr": Call(getattr, str(marker), "upper"),
        "a numpy function": Call(np.save, str(marker), [1]),
    }


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("attack", attacks(""))
def test_a_malicious_pickle_is_refused_and_not_run(read, tmp_path, attack, protocol):
    marker = tmp_path / "marker"
    with pytest.raises(InputError, match="is not a ChemBench split: it names"):
        read(pickle.dumps(attacks(marker)[attack], protocol))
    assert list(tmp_path.iterdir()) == [tmp_path / "split.pkl"]


def test_a_call_hidden_among_the_rows_is_refused_and_not_run(read, tmp_path):
    marker = tmp_path / "marker"
    with pytest.raises(InputError, match=r"it names posix\.system"):
        read(pickled_array([[0, Call(os.system, f"touch {marker}")], [1], [2]]))
    assert not marker.exists()


def test_what_an_admitted_name_leads_to_is_refused(read):
    with pytest.raises(InputError, match=r"it names numpy\.ndarray\.__class__"):
        read(b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93.")


def test_a_malicious_split_file_of_a_user_is_refused_and_not_run(write, tmp_path):
    marker = tmp_path / "marker"
    path = write("mine.pkl", pickle.dumps(Call(os.system, f"touch {marker}")))
    with pytest.raises(InputError):
        file_split(path, 4, "own.csv")
    assert not marker.exists()


@pytest.mark.parametrize(
    "elements",
    [
        [[0], [1]],
        [[0], [1], [2], [3]],
        [[0.0], [1], [2]],
        [[True], [1], [2]],
        [["0"], [1], [2]],
        [[None], [1], [2]],
        [[10**30], [1], [2]],
        [0, 1, 2],
        [],
        None,
    ],
)
def test_anything_but_three_lists_of_integers_is_refused(read, elements):
    with pytest.raises(InputError, match="three lists of row numbers"):
        read(pickled_array(elements))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a pickle",
        b"{}",
        pickle.dumps([[0], [1], [2]]),
        pickle.dumps({"train": [0]}),
        pickle.dumps(np.arange(3)),
        pickle.dumps(pd.Series([[0], [1], [2]])),
        pickled_array([[0], [1], [2]])[:-1] + pickled_array([[0], [1], [2]])[2:],
    ],
    ids=["empty", "text", "json", "lists", "dict", "array", "today's Series", "two arrays"],
)
def test_another_pickle_or_none_is_refused_naming_the_file(read, data):
    with pytest.raises(InputError, match=r"split\.pkl is not a ChemBench split"):
        read(data)


def test_every_truncation_is_refused(read, mirror):
    whole = (mirror / FILES[3]).read_bytes()
    for kept in range(0, len(whole), 97):
        with pytest.raises(InputError):
            read(whole[:kept])


def test_a_damaged_file_is_refused_or_read_as_rows(read, mirror):
    whole = (mirror / FILES[3]).read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, 400, 200):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        try:
            parts = read(bytes(damaged))
        except InputError:
            continue
        assert [part.dtype.kind for part in parts] == ["i", "i", "i"]


def lists_of_integers(data: bytes) -> list[list[int]]:
    """The lists of integers that a pickle builds, read off its opcodes without running any."""
    lists: list[list[int]] = []
    run: list[int] = []
    for op, argument, _ in pickletools.genops(data):
        if op.name == "EMPTY_LIST":
            lists.append([])
        elif op.name == "MARK":
            run = []
        elif op.name.startswith("BININT"):
            run.append(argument)
        elif op.name == "APPENDS":
            lists[-1].extend(run)
            run = []
    return [numbers for numbers in lists if numbers]


@pytest.mark.parametrize("file", FILES)
def test_chembenchs_files_are_read_as_they_are_written(mirror, file):
    parts = read_split_pickle(mirror / file)
    assert [part.tolist() for part in parts] == lists_of_integers((mirror / file).read_bytes())


@pytest.mark.parametrize("file", FILES)
def test_chembenchs_splits_have_their_sizes_and_cover_every_row_once(mirror, file):
    parts = read_split_pickle(mirror / file)
    sizes = SIZES[file.split("/")[1]]
    assert tuple(map(len, parts)) == sizes
    assert sorted(np.concatenate(parts).tolist()) == list(range(sum(sizes)))


@pytest.mark.parametrize("name", ["ESOL", "FreeSolv", "Lipop"])
def test_chembenchs_random_splits_differ_from_seed_to_seed(mirror, name):
    files = [file for file in FILES if f"/{name}/" in file]
    tests = {tuple(read_split_pickle(mirror / file)[2]) for file in files}
    assert len(tests) == 3
