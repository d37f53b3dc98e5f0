"""The files about the project agree with each other and with what they speak of."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from w2s_mol import __version__

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOWEST = re.compile(r"^([\w-]+)>=([\w.]+)")
EXTRAS_OF_USERS = ("selfies", "cluster", "excel")
NOT_THE_OLDEST = {"torch"}  # the builds before are several GB


def pins(name: str) -> dict[str, str]:
    """Return the versions that a file of constraints allows."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_oldest_versions_are_those_that_the_project_allows() -> None:
    asked = [*PROJECT["dependencies"]]
    for extra in EXTRAS_OF_USERS:
        asked += PROJECT["optional-dependencies"][extra]
    lowest = dict(LOWEST.match(text).groups() for text in asked)
    oldest = pins("constraints-oldest.txt")
    assert oldest.keys() == lowest.keys()
    differ = {name for name in lowest if lowest[name] != oldest[name]}
    assert differ == NOT_THE_OLDEST


def test_all_that_ci_installs_by_name_is_pinned() -> None:
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
    names = {normal(re.match(r"[\w.-]+", text)[0]) for text in asked}
    assert names <= {normal(name) for name in pins("constraints.txt")}


def test_the_weights_are_those_of_the_list() -> None:
    """New weights would cost every clone their size for ever: checkpoints/README.md."""
    folder = ROOT / "checkpoints"
    listed = (line.split("  ") for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert {name: sha for sha, name in listed} == {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.safetensors")
    }


def test_the_citation_is_of_this_version_and_names_the_paper() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == __version__
    assert cited["license"] == PROJECT["license"]
    assert cited["repository-code"] == PROJECT["urls"]["Homepage"]
    [paper] = cited["references"]
    assert paper["title"] == "Quantifying the Gain in Weak-to-Strong Generalization"


YAML_FILES = sorted((ROOT / ".github").rglob("*.yml"))


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.stem)
def test_what_github_reads_is_yaml(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict)


def workflow(name: str) -> dict:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())


@pytest.mark.parametrize("name", ["ci", "weekly"])
def test_a_workflow_calls_targets_that_are_there(name: str) -> None:
    jobs = workflow(name)["jobs"].values()
    runs = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    called = [command for command in runs if not command.startswith("sudo apt-get ")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert called
    for command in called:
        program, target = command.split()
        assert program == "make"
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), command


def test_the_paper_is_reproduced_every_week() -> None:
    weekly = workflow("weekly")
    assert weekly[True]["schedule"]  # YAML reads the key `on` as true
    assert {"run": "make reproduce"} in weekly["jobs"]["reproduce"]["steps"]


def test_the_classifiers_are_the_pythons_that_ci_runs() -> None:
    prefix = "Programming Language :: Python :: 3."
    said = {f"3.{c.removeprefix(prefix)}" for c in PROJECT["classifiers"] if c.startswith(prefix)}
    run = {
        step["with"]["python-version"]
        for job in workflow("ci")["jobs"].values()
        for step in job["steps"]
        if "python-version" in step.get("with", {})
    }
    assert said == run
