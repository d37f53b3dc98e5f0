"""In what one run is another, in words that a message can use."""

from __future__ import annotations

from typing import Any

import pytest

from w2s_mol.run_difference import difference

OURS: dict[str, Any] = {
    "kind": "study",
    "format": 7,
    "config": {"head": "ridge", "seed": 0},
    "datasets": {"own": {"sha256": "aa", "exposure": {"seen": 3}}},
    "weak": [{"name": "w", "fingerprint": "f"}],
    "notes": ["one"],
}


def changed(**entries: Any) -> dict[str, Any]:
    return {**OURS, **entries}


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        (changed(kind="synthetic"), "this is a study run"),
        (
            changed(format=6, w2s_mol="1"),
            "made by w2s-mol 1, whose results are of another format than this version's",
        ),
        (changed(config={"head": "ols", "seed": 0}), "its head is ols, not ridge"),
        (changed(config={"head": "ridge"}), "its seed is not given, not 0"),
        (
            changed(config={"head": "ridge", "seed": 0, "labels": 50}),
            "its labels is 50, not left out",
        ),
        (
            changed(datasets={"own": {"sha256": "bb", "exposure": {}}}),
            'its datasets own sha256 is "bb", not "aa"',
        ),
        (
            changed(weak=[{"name": "w", "fingerprint": "g"}]),
            'its weak 0 fingerprint is "g", not "f"',
        ),
        (changed(), "what it was made from has another content"),
        (changed(notes=["two"]), "what it was made from has another content"),
    ],
)
def test_the_first_things_that_differ_are_named(theirs: dict[str, Any], said: str) -> None:
    assert difference(theirs, OURS, ["seed"]) == said


def test_an_option_that_an_older_version_lacked_is_not_spoken_of_at_its_default() -> None:
    theirs = changed(config={"head": "ridge"}, weak=[])
    assert difference(theirs, OURS, []).startswith("its weak 0 is null, not ")


def test_a_different_setting_hides_the_content_that_it_changed() -> None:
    theirs = changed(config={"head": "ols", "seed": 0}, weak=[])
    assert difference(theirs, OURS, []) == "its head is ols, not ridge"


def test_three_are_enough_and_long_values_are_cut() -> None:
    ours = changed(config=dict.fromkeys("abcd", "x"))
    theirs = changed(config=dict.fromkeys("abcd", "y"))
    assert difference(theirs, ours, []).count("; ") == 2
    said = difference(changed(weak=["y" * 100]), changed(weak=["x"]), [])
    assert said == f'its weak 0 is "{"y" * 59}..., not "x"'
