"""The front door: help, version, unknown verbs; all of it before anything heavy is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import w2s_mol
from w2s_mol.cli.verbs import VERBS

ANSWERS_AT_ONCE = (["--help"], ["-h"], ["--version"], [])


def imported_by(*arguments: str) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    """Run the program and return the top-level packages it imported."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "w2s_mol", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().split(".")[0] for line in lines}, done


@pytest.mark.parametrize("arguments", ANSWERS_AT_ONCE, ids=" ".join)
def test_help_and_version_import_nothing_heavy(arguments):
    packages, done = imported_by(*arguments)
    assert done.returncode == 0
    assert "w2s_mol" in packages
    heavy = {"torch", "transformers", "rdkit", "pandas", "numpy", "scipy", "typer", "rich"}
    assert not packages & heavy


def test_help_names_every_verb_and_is_the_answer_to_no_arguments_too(cli):
    asked = cli("--help")
    assert asked.code == 0
    assert asked.err == ""
    assert all(verb in asked.out for verb in VERBS)
    assert "--version" in asked.out
    assert cli() == asked


def test_version_is_that_of_the_package(cli):
    asked = cli("--version")
    assert (asked.code, asked.out, asked.err) == (0, f"w2s-mol {w2s_mol.__version__}\n", "")


@pytest.mark.parametrize(("typed", "meant"), [("rnu", "run"), ("selct", "select")])
def test_an_unknown_verb_is_wrong_usage_and_the_near_one_is_suggested(cli, typed, meant):
    asked = cli(typed, "--dataset", "esol")
    assert asked.code == 2
    assert asked.out == ""
    assert f"unknown verb {typed!r}. Did you mean {meant!r}?" in asked.err
    assert asked.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["run"], "--dataset"),
        (["run", "--dataset", "esol", "--protocol", "papr"], "papr"),
        (["run", "--dataset", "esol", "--datset", "x"], "--datset"),
        (["embed", "x.csv"], "--encoder"),
        (["pretrain-weak", "--hidden", "8", "--workers", "0"], "--workers"),
        (["data"], "command"),
        (["data", "get"], "get"),
        (["encoders", "--format", "xml"], "xml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_wrong_usage_of_a_verb_ends_with_2_and_names_what_is_wrong(cli, arguments, named):
    asked = cli(*arguments)
    assert asked.code == 2
    assert asked.out == ""
    assert named in asked.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["-q", "data", "fetch", "esol"],
        ["data", "-q", "fetch", "esol"],
        ["data", "fetch", "esol", "-q"],
    ],
    ids=" ".join,
)
def test_quiet_is_heard_before_and_after_a_verb(cli, mirror, fresh_home, arguments):
    done = cli(*arguments, W2S_MOL_MIRROR=str(mirror))
    assert (done.code, done.err) == (0, "")
    assert "esol: 4 files" in done.out


def test_debug_before_a_verb_shows_where_an_error_comes_from():
    done = subprocess.run(
        [sys.executable, "-m", "w2s_mol", "--debug", "run", "-d", "a", "--seed", "-1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr
    assert "InputError: seed is -1" in done.stderr
    assert done.returncode == 2  # as without it: what the user gave is wrong


@pytest.mark.parametrize(
    ("line", "position", "offered"),
    [
        ("w2s-mol pre", 1, ["predict", "prepare-corpus", "pretrain-weak", "pretrain-strong"]),
        ("w2s-mol -q run --sh", 3, ["--shuffle-weak-labels"]),
        ("w2s-mol run --strong a --strong b --protocol ", 7, ["paper", "disjoint"]),
        ("w2s-mol run --config nowhere.toml --offl", 4, ["--offline"]),
    ],
    ids=["verbs", "options", "values", "with a file that is not there"],
)
def test_a_shell_is_told_how_a_line_may_go_on(cli, line, position, offered):
    asking = {"COMP_WORDS": line, "COMP_CWORD": str(position)}
    done = cli(_W2S_MOL_COMPLETE="complete_bash", **asking)
    assert (done.code, done.out.split(), done.err) == (0, offered, "")


def test_the_script_for_a_shell_asks_this_program(cli):
    done = cli("--show-completion", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.code == 2  # as no shell is named
    named = cli("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert named.code == 0
    assert "_W2S_MOL_COMPLETE=complete_bash" in named.out
    assert named.out.rstrip().endswith("w2s-mol")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["encoders"]], ids=" ".join)
def test_a_reader_that_closes_the_pipe_early_sees_no_traceback(arguments):
    reader, writer = os.pipe()
    os.close(reader)  # as `w2s-mol ... | head -0` does
    done = subprocess.run(
        [sys.executable, "-m", "w2s_mol", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.stderr == ""
