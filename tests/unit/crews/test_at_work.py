"""What a process that is not ours does with an errand, and when it refuses it."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field

import pytest

from w2s_mol.crews.at_work import Errand, packages
from w2s_mol.crews.goods import Goods
from w2s_mol.errors import InputError, UnknownNameError, W2SMolError, unknown_name

NO_GOODS = Goods("/", (), ())
_put: list[str] = []


@dataclass
class Copy:
    name: str = "block"
    log: list[str] = field(default_factory=list)

    def put(self) -> None:
        _put.append(self.name)


def double(number: int) -> int:
    if number < 0:
        raise InputError("a negative number. Give another.")
    return 2 * number


def errand(versions: tuple = packages()) -> Errand:
    return Errand(pickle.dumps(double), versions, NO_GOODS)


def test_it_is_done_when_what_it_needs_is_put() -> None:
    _put.clear()
    assert errand()(pickle.dumps(4), [[Copy("a")], [Copy("b")]], "w", 1) == 8
    assert _put == ["a", "b"]


def test_other_versions_are_refused_by_name() -> None:
    others = tuple((name, "0.0.1" if name == "rdkit" else v) for name, v in packages())
    with pytest.raises(InputError, match=r"worker w: it has rdkit .*, not 0\.0\.1\. All machines"):
        errand(others)(pickle.dumps(4), [], "w", 1)


def test_what_it_refuses_says_where() -> None:
    with pytest.raises(InputError, match="worker tcp://b:1: a negative number"):
        errand()(pickle.dumps(-1), [], "tcp://b:1", 1)


def test_errors_travel_between_processes() -> None:
    found: list[W2SMolError] = [
        InputError("a"), W2SMolError("b"), unknown_name("verb", "rnu", ["run"], "hint"),
    ]  # fmt: skip
    for error in found:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again)) == (type(error), str(error))
    assert isinstance(again, UnknownNameError)
    assert again.known == ["run"]
