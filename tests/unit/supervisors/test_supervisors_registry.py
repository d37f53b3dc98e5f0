import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from taught_by_arrays import Says

from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.names import shipped_encoders
from w2s_mol.encoders.ref import EncoderFolder
from w2s_mol.errors import InputError
from w2s_mol.supervisors import registry
from w2s_mol.supervisors.probe import Probe
from w2s_mol.supervisors.registry import find_supervisors

FINDER = Finder(device="cpu")


@pytest.fixture
def family(tiny_encoder_folder: Path, tmp_path: Path) -> Path:
    """A folder of two encoders of different content."""
    for seed in (0, 1):
        folder = tmp_path / "one" / "family" / f"enc-s{seed}"
        shutil.copytree(tiny_encoder_folder, folder)
        (folder / "w2s_mol.json").write_text(json.dumps({"seed": seed}))
        (folder / "seed.txt").write_text(str(seed))
    return tmp_path / "one" / "family"


def test_every_name_is_found_with_what_it_is() -> None:
    found = find_supervisors(["weak-h8-s0", "ecfp", "random-h8-s3"], FINDER)
    assert [(s.name, s.family, s.hidden, s.seed) for s in found] == [
        ("weak-h8-s0", "shipped", 8, 0),
        ("ecfp", "ecfp", None, None),
        ("random-h8-s3", "random", 8, 3),
    ]
    for supervisor in found:
        assert isinstance(supervisor, Probe)
        assert supervisor.encoders == (supervisor.encoded.encoder,)
        assert supervisor.reading == supervisor.encoded.encoder.reading
    assert found[2].made["trained"] is False
    assert len({supervisor.sha256 for supervisor in found}) == 3


def test_a_name_may_stand_for_several(family: Path) -> None:
    found = find_supervisors([str(family)], FINDER)
    assert [(s.name, s.family, s.seed) for s in found] == [
        ("enc-s0", "family", 0),
        ("enc-s1", "family", 1),
    ]


def test_one_that_is_named_twice_is_one(tmp_path: Path) -> None:
    """Also by another name: what they are says it."""
    shipped = shipped_encoders()["weak-h8-s0"]
    copy = shutil.copytree(shipped, tmp_path / "mine")
    found = find_supervisors(["weak-h8-s0", "ecfp", "weak-h8-s0", str(copy), "ecfp"], FINDER)
    assert [supervisor.name for supervisor in found] == ["weak-h8-s0", "ecfp"]


def test_two_that_are_called_alike_are_refused(family: Path, tmp_path: Path) -> None:
    other = tmp_path / "two" / "family"
    shutil.copytree(family, other)
    (other / "enc-s1" / "seed.txt").write_text("another")
    with pytest.raises(InputError, match="2 different weak encoders are called 'enc-s1' in "):
        find_supervisors([str(family), str(other)], FINDER)
    shutil.move(other, tmp_path / "two" / "kin")
    found = find_supervisors([str(family), str(tmp_path / "two" / "kin")], FINDER)
    assert [(s.family, s.name) for s in found] == [
        ("family", "enc-s0"),
        ("family", "enc-s1"),
        ("kin", "enc-s1"),
    ]


def test_none_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="there is no weak encoder"):
        find_supervisors([], FINDER)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown supervisor 'weak-h9'\. Did you mean 'weak-h96-"):
        find_supervisors(["weak-h9"], FINDER)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("colum:dock score", "column:dock score"),
        ("Property:TPSA", "property:TPSA"),
        ("propety:TPSA", "property:TPSA"),
        ("mean:ecfp+colum:x", "column:x"),
        ("property", "property:"),
    ],
)
def test_the_kind_that_is_meant_is_told_by_how_the_name_begins(name: str, meant: str) -> None:
    with pytest.raises(InputError, match=rf"Did you mean '{meant}'\?"):
        find_supervisors([name], FINDER)


@pytest.mark.parametrize("name", ["dock_score", "h95", "says:nothing"])
def test_of_an_unknown_name_all_kinds_are_told(name: str) -> None:
    with pytest.raises(InputError, match=f"unknown supervisor '{name}'") as caught:
        find_supervisors([name], FINDER)
    told = str(caught.value)
    assert "Did you mean" not in told
    assert "random-hHIDDEN-sSEED" in told
    assert "begins with column:, raw:, property:, concat:, mean:, chain:" in told


def test_a_new_kind_is_a_line_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.KINDS, "says:", lambda rest, _finder: Says(np.zeros(3), rest))
    found = find_supervisors(["says:nothing", "ecfp", "says:less"], FINDER)
    assert [(type(s), s.name) for s in found] == [
        (Says, "nothing"),
        (Probe, "ecfp"),
        (Says, "less"),
    ]
    assert found[0].prepare(["C", "CC"]) == found[0].read(["C", "CC"]) == ["", ""]
    assert found[0].reading == "nothing"
    assert found[0].begin([["C"]]) is None


def test_no_weights_are_loaded_for_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    find_supervisors(["weak-h8-s0"], FINDER)
    monkeypatch.setattr(EncoderFolder, "open", None)
    assert [s.name for s in find_supervisors(["weak-h8-s0"], FINDER)] == ["weak-h8-s0"]


@pytest.mark.parametrize("name", ["mean:top:1+ecfp", "chain:ecfp>top:1"])
def test_the_best_of_all_others_are_no_member_of_a_combination(name: str) -> None:
    with pytest.raises(InputError, match=r"top:1 takes the best .* Name it alone"):
        find_supervisors([name, "rdkit2d"], FINDER)


def test_the_best_are_of_all_others_wherever_they_are_named() -> None:
    [first, second, top] = find_supervisors(["top:1", "ecfp", "mean:ecfp+rdkit2d"], FINDER)
    assert (first.name, second.name) == ("ecfp", "mean:ecfp+rdkit2d")
    assert (top.name, top.family, top.members) == ("top:1", "top", (first, second))
    assert top.asks_student
    assert {one.name for one in top.encoders} == {"ecfp", "rdkit2d"}
    [*_, other] = find_supervisors(["ecfp", "rdkit2d", "top:1"], FINDER)
    assert other.sha256 != top.sha256


@pytest.mark.parametrize("names", [["top:2", "ecfp", "rdkit2d"], ["top:1"], ["top:1", "top:2"]])
def test_there_should_be_more_than_are_taken(names: list[str]) -> None:
    with pytest.raises(InputError, match=r"top:\d takes \d of the other .* Name more with --weak"):
        find_supervisors(names, FINDER)
