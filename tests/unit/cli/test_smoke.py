"""The check of an installation: it knows every verb, and says which one fails."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from w2s_mol.cli import smoke
from w2s_mol.cli.verbs import VERBS


def test_every_verb_is_called_once() -> None:
    assert sorted(step[0] for step in smoke.STEPS) == sorted(VERBS)


def failing_select(arguments: list[str]) -> None:
    """Do as a program that knows all verbs but one."""
    os.write(2, f"{arguments[0]} was called\n".encode())
    sys.exit(2 if arguments[0] == "select" else 0)


@pytest.mark.usefixtures("fresh_home")
def test_one_that_fails_is_told_with_what_it_said_and_the_rest_are_tried(
    capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "make_inputs", lambda folder: "nobody")
    monkeypatch.setattr(smoke, "program", failing_select)
    assert smoke.main() == 1
    said = capsys.readouterr()
    first, *verbs, last = said.out.splitlines()
    assert first.startswith("90 molecules each of nobody")
    assert {line.split()[0]: line.split()[1] for line in verbs} == {
        verb: "exit" if verb == "select" else "ok" for verb in VERBS
    }
    assert last.startswith("failed: select, in ")
    assert said.err == "select was called\n\n"


def test_an_error_that_nobody_expected_is_a_failure_too(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arguments: list[str]) -> None:
        raise KeyError(arguments[0])

    monkeypatch.setattr(smoke, "program", broken)
    assert smoke.call(("run",), tmp_path / "log") == 1
    assert "KeyError: 'run'" in capsys.readouterr().err


def test_the_tables_are_of_the_shipped_molecules_where_there_is_no_mirror(tmp_path: Path) -> None:
    assert smoke.make_inputs(tmp_path) == "computed-logp, in three parts"
    rows = [(tmp_path / f"{name}.csv").read_text().splitlines() for name in smoke.DATASETS]
    assert {len(table) for table in rows} == {91}
    assert len({line for table in rows for line in table}) == 271


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_home")
def test_they_are_of_the_papers_datasets_where_a_mirror_has_them(
    tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W2S_MOL_MIRROR", str(mirror))
    assert smoke.make_inputs(tmp_path) == "ESOL, FreeSolv and Lipop"
    assert {
        len((tmp_path / f"{name}.csv").read_text().splitlines()) for name in smoke.DATASETS
    } == {91}
