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
