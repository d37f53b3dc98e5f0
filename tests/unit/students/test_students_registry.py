import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from taught_by_arrays import Says, probe

from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.ref import EncoderFolder
from w2s_mol.errors import InputError
from w2s_mol.students.frozen import FrozenStudent
from w2s_mol.students.own import OwnStudent
from w2s_mol.students.peer import PeerStudent
from w2s_mol.students.registry import find_students
from w2s_mol.supervisors.registry import find_supervisors

FINDER = Finder(device="cpu")


def test_every_name_is_found_with_what_it_is() -> None:
    found = find_students(["weak-h8-s0", "self", "ecfp"], [], FINDER)
    assert [(type(s), s.name) for s in found] == [
        (FrozenStudent, "weak-h8-s0"),
        (OwnStudent, "self"),
        (FrozenStudent, "ecfp"),
    ]
    assert len({student.sha256 for student in found}) == 3
    assert found[0].encoders
    assert found[0].reading == found[0].encoders[0].reading
    assert found[1].encoders == ()


def test_an_encoder_is_the_same_as_supervisor_and_as_student() -> None:
    """Those that are on both sides of a study are told by their hashes."""
    [supervisor] = find_supervisors(["ecfp"], FINDER)
    [student] = find_students(["ecfp"], [supervisor], FINDER)
    assert student.sha256 == supervisor.sha256
    assert student.reading == supervisor.reading


def test_one_that_is_named_twice_is_one(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_encoder_folder, tmp_path / "copy")
    names = ["self", str(tiny_encoder_folder), "self", str(copy)]
    assert [student.name for student in find_students(names, [], FINDER)] == ["self", "tiny"]


def test_two_that_are_called_alike_are_refused(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "tiny"))
    (other / "more.txt").write_text("another file")
    with pytest.raises(InputError, match="2 different strong encoders are called 'tiny'"):
        find_students([str(tiny_encoder_folder), str(other)], [], FINDER)


def test_several_encoders_are_one_student_side_by_side() -> None:
    [found] = find_students(["concat:ecfp+weak-h8-s0"], [], FINDER)
    members = find_students(["ecfp", "weak-h8-s0"], [], FINDER)
    assert found.name == "concat:ecfp+weak-h8-s0"
    assert found.encoders == tuple(one for each in found.members for one in each.encoders)
    assert len({found.sha256, *(member.sha256 for member in members)}) == 3
    smiles = ["CCO", "[U]", "broken"]
    assert list(map(bool, found.prepare(smiles))) == [False, True, True]
    assert found.encoded.features(smiles).shape == (3, 2048 + 16)


@pytest.mark.parametrize("name", ["concat:ecfp", "concat:ecfp+", "concat:ecfp+ecfp"])
def test_one_encoder_is_not_several(name: str) -> None:
    with pytest.raises(InputError, match=r"two or more|names ecfp 2 times"):
        find_students([name], [], FINDER)


@pytest.mark.parametrize("name", ["column:a", "mean:ecfp+rdkit2d", "top:1", "concat:self+ecfp"])
def test_what_gives_labels_is_no_student(name: str) -> None:
    with pytest.raises(InputError, match=r"gives labels, and learns none|self is no encoder"):
        find_students([name], [], FINDER)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="unknown encoder 'molbrt'"):
        find_students(["molbrt"], [], FINDER)


def test_self_refuses_a_supervisor_without_a_representation() -> None:
    probes = [probe(np.ones((3, 2)))]
    mute = [*probes, Says(np.zeros(3), "mute")]
    assert find_students(["self"], probes, FINDER)
    assert find_students(["self"], find_supervisors(["concat:ecfp+rdkit2d"], FINDER), FINDER)
    with pytest.raises(InputError, match=r"--strong self .* and mute has none"):
        find_students(["self"], mute, FINDER)
    assert find_students(["ecfp"], mute, FINDER)


def peers_of(*weak: str) -> PeerStudent:
    [found] = find_students(["peer"], find_supervisors(weak, FINDER), FINDER)
    assert isinstance(found, PeerStudent)
    return found


def test_a_peer_is_prepared_whether_it_teaches_or_not() -> None:
    found = peers_of("weak-h8-s0", "weak-h8-s1", "random-h8-s4")
    assert found.name == "peer"
    assert [one.name for one in found.encoders] == ["weak-h8-s1", "weak-h8-s2", "random-h8-s5"]
    assert list(map(bool, found.prepare(["CCO", "broken"]))) == [False, True]


def test_which_peers_there_are_is_part_of_what_they_are() -> None:
    hashes = [
        peers_of(*weak).sha256
        for weak in (("weak-h8-s0",), ("weak-h8-s1",), ("weak-h8-s0", "weak-h8-s1"))
    ]
    assert len({*hashes}) == 3
    assert peers_of("weak-h8-s0").sha256 == hashes[0]


@pytest.mark.parametrize(
    "alone",
    ["ecfp", "strong-h256-l6-s0", "concat:weak-h8-s0+weak-h12-s0", "mean:h8", "property:MolLogP"],
)
def test_peer_refuses_a_supervisor_that_has_none(alone: str) -> None:
    with pytest.raises(InputError, match=rf"--strong peer .* and {re.escape(alone)} has none"):
        peers_of("weak-h8-s0", alone)


def test_no_weights_are_loaded_for_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    find_students(["weak-h8-s0"], [], FINDER)
    monkeypatch.setattr(EncoderFolder, "open", None)
    assert [s.name for s in find_students(["weak-h8-s0"], [], FINDER)] == ["weak-h8-s0"]
