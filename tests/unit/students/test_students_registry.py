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
from w2s_mol.students.registry import find_students
from w2s_mol.supervisors.registry import find_supervisors

FINDER = Finder(device="cpu")


def test_every_name_is_found_with_what_it_is() -> None:
    found = find_students(["weak-h8-s0", "self", "ecfp"], FINDER)
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
    [student], [supervisor] = (find(["ecfp"], FINDER) for find in (find_students, find_supervisors))
    assert student.sha256 == supervisor.sha256
    assert student.reading == supervisor.reading


def test_one_that_is_named_twice_is_one(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tiny_encoder_folder, tmp_path / "copy")
    names = ["self", str(tiny_encoder_folder), "self", str(copy)]
    assert [student.name for student in find_students(names, FINDER)] == ["self", "tiny"]


def test_two_that_are_called_alike_are_refused(tiny_encoder_folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "tiny"))
    (other / "more.txt").write_text("another file")
    with pytest.raises(InputError, match="2 different strong encoders are called 'tiny'"):
        find_students([str(tiny_encoder_folder), str(other)], FINDER)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="unknown encoder 'molbrt'"):
        find_students(["molbrt"], FINDER)


def test_self_refuses_a_supervisor_without_a_representation() -> None:
    own, frozen = find_students(["self", "ecfp"], FINDER)
    probes = [probe(np.ones((3, 2)))]
    own.refuse(probes)
    with pytest.raises(InputError, match=r"--strong self .* and mute has none"):
        own.refuse([*probes, Says(np.zeros(3), "mute")])
    frozen.refuse([*probes, Says(np.zeros(3), "mute")])


def test_no_weights_are_loaded_for_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    find_students(["weak-h8-s0"], FINDER)
    monkeypatch.setattr(EncoderFolder, "open", None)
    assert [s.name for s in find_students(["weak-h8-s0"], FINDER)] == ["weak-h8-s0"]
