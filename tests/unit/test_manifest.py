"""What a manifest says of the machine and the versions."""

from __future__ import annotations

import numpy as np

from w2s_mol import __version__
from w2s_mol.manifest import environment, processor, versions, versions_note


def test_the_environment_names_what_numbers_depend_on() -> None:
    said = environment()
    assert said["w2s_mol"] == __version__
    assert said["packages"]["numpy"] == np.__version__
    assert said["processor"] == processor() != ""
    assert said["cores"] >= 1


def test_a_package_that_is_not_there_has_no_version() -> None:
    assert versions("numpy", "no-such-package") == {
        "numpy": np.__version__,
        "no-such-package": None,
    }


def test_sessions_of_the_same_versions_are_not_spoken_of() -> None:
    session = {"w2s_mol": "1", "python": "3.11.7", "packages": {"numpy": "2.0"}}
    assert versions_note([]) is None
    assert versions_note([session, dict(session)]) is None


def test_versions_that_differ_are_told_once_each_in_their_order() -> None:
    sessions = [
        {"w2s_mol": "1", "python": "3.11.7", "packages": {"numpy": number, "torch": "2.13"}}
        for number in ("2.0", "2.1", "2.0")
    ]
    assert versions_note(sessions) == (
        "its parts were computed with different versions: numpy 2.0, 2.1"
    )
    sessions[1]["w2s_mol"] = "2"
    assert "w2s_mol 1, 2; numpy 2.0, 2.1" in str(versions_note(sessions))
