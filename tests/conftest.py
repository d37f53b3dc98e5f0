"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import settings
from ready_program import SECONDS, SEEN_LATE, Begun, Finished, do_nothing

if TYPE_CHECKING:
    from w2s_mol.report.blocks import Report
    from w2s_mol.runs import FinishedRun

if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a process a core already: threads beside it only wait, which takes a core as well.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Let no collection of garbage look again at what all imports have made.

    Each training ends in one, and a hundred megabytes of modules are never garbage.
    """
    gc.collect()
    gc.freeze()


# A machine that has other things to do is no fault of the program.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

REFERENCE = Path(
    os.environ.get("W2S_MOL_MIRROR") or Path(__file__).parents[2] / "shared" / "data"
).resolve()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run of the tests see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def made_once(shared: Path) -> Callable[[str, Callable[[Path], object]], Path]:
    """Make a folder that tests only read, by whichever process needs it first."""

    def folder_of(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # of a process that failed to make it
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return folder_of


@pytest.fixture(scope="session", autouse=True)
def _own_home(shared: Path) -> None:
    """Keep what the tests fetch and compute out of the user's cache; shared by all tests."""
    os.environ["W2S_MOL_HOME"] = str(shared / "home")
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.pop("W2S_MOL_MIRROR", None)
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # as the program does, before imports
    # Else each of the hundred programs that the tests start compiles the whole package again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(autouse=True)
def _normal_output() -> Iterator[None]:
    """Let no test that asks for a quiet program make the next one's quiet."""
    yield
    if output := sys.modules.get("w2s_mol.cli.output"):
        output.verbosity = output.NORMAL


@pytest.fixture
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty W2S_MOL_HOME for one test."""
    home = tmp_path / "home"
    monkeypatch.setenv("W2S_MOL_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of real data, laid out as a mirror; in CI it must be there."""
    if not (REFERENCE / "chembench").is_dir():
        reason = f"the real data are not at {REFERENCE}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return REFERENCE


@pytest.fixture
def begin(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Begun]:
    """Begin the real program, as ``python -m w2s_mol`` does."""

    def start(
        *arguments: object,
        folder: Path = tmp_path,
        first: Callable[[], None] = do_nothing,
        **environment: str,
    ) -> Begun:
        log = tmp_path_factory.mktemp("said") / "log"
        words = [*map(str, arguments)]
        return Begun("w2s_mol", words, folder, {**os.environ, **environment}, log, first)

    return start


@pytest.fixture
def cli(tmp_path: Path, begin: Callable[..., Begun]) -> Callable[..., Finished]:
    """Run the real program in an empty folder, which is the working folder of every call."""

    def run(*arguments: object, **environment: str) -> Finished:
        if environment.keys() <= SEEN_LATE:
            done = begin(*arguments, **environment).wait()
        else:
            words = [*map(str, arguments)]
            done = call_anew(words, tmp_path, {**os.environ, **environment})
        assert "Traceback" not in done.err, done.err
        return done

    return run


def call_anew(arguments: list[str], folder: Path, environment: dict[str, str]) -> Finished:
    """Run the program by an interpreter that has imported nothing yet."""
    done = subprocess.run(
        [sys.executable, "-m", "w2s_mol", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def tiny_encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder of the family with random weights: hidden 8, one layer."""
    import torch

    from w2s_mol.encoders.smiles_bert import bert_config, new_bert, save_encoder

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("family") / "tiny"
    folder.mkdir()
    save_encoder(new_bert(bert_config(8, 1, 2)), folder, "a test's encoder")
    return folder


TINY_SYNTHETIC = {
    "representation_epochs": 5,
    "representation_batch": 80,
    "pretraining_tasks": 4,
    "pretraining_samples": 40,
    "low_tasks": 2,
    "low_samples": 10,
    "finetuning_tasks": 3,
    "finetuning_samples": 40,
}


@pytest.fixture(scope="session")
def run_folders(made_once: Callable) -> Path:
    """A folder of tiny finished runs: a study, a null control of each kind, synthetic ones.

    The studies are of two tables of 60 molecules; their manifests say that these are two of the
    paper's datasets.
    """
    return made_once("made", make_runs) / "runs"


def make_runs(place: Path) -> None:
    from w2s_mol import run_study
    from w2s_mol.datasets.builtin import generate
    from w2s_mol.synthetic.run import run_synthetic

    made = [f"{smiles},{label}\n" for smiles, label in generate(120)]
    for name, rows in (("lipop", made[:60]), ("esol", made[60:])):
        (place / f"{name}.csv").write_text("smiles,y\n" + "".join(rows))
    settings = {
        "dataset": (str(place / "lipop.csv"), str(place / "esol.csv")),
        "target_column": "y",
        "unit": "log10",
        "weak": ("weak-h8-s0", "weak-h12-s0", "weak-h16-s0"),
        "strong": "ecfp",
        "split_seeds": (0, 1),
    }
    runs = place / "runs"
    for name, changed in {
        "study": {},
        "self": {"strong": "self"},
        "peer": {"strong": "peer"},
        "shuffled": {"shuffle_weak_labels": True},
        "random-weak": {"weak": ("random-h8-s0", "random-h12-s0", "random-h16-s0")},
        "random-strong": {"strong": "random-h16-s9"},
    }.items():
        run_study(output_dir=runs / name, **{**settings, **changed})
        manifest = json.loads((runs / name / "manifest.json").read_text())
        manifest["config"]["dataset"] = ["lipop", "esol"]
        (runs / name / "manifest.json").write_text(json.dumps(manifest))
    run_synthetic(output_dir=runs / "synthetic", seeds=(0, 1), **TINY_SYNTHETIC)


@pytest.fixture(scope="session")
def synthetic_folder(made_once: Callable) -> Path:
    """A synthetic run of one experiment, without pretraining."""
    from w2s_mol.synthetic.run import run_synthetic

    few = {"finetuning_tasks": 4, "finetuning_samples": 40, "seeds": (0, 1)}

    def make(place: Path) -> None:
        run_synthetic(output_dir=place / "perturbation", experiment="perturbation", **few)

    return made_once("synthetic", make) / "perturbation"


@pytest.fixture(scope="session")
def runs_to_report(run_folders: Path, synthetic_folder: Path) -> list[FinishedRun]:
    """A study of two datasets, its controls and one synthetic experiment."""
    from w2s_mol.runs import find_runs

    studies = ("study", "self", "peer", "shuffled", "random-weak", "random-strong")
    return find_runs([*(run_folders / name for name in studies), synthetic_folder])


@pytest.fixture(scope="session")
def report(runs_to_report: list[FinishedRun]) -> Report:
    """The report of these runs."""
    from w2s_mol.report.content import build_report

    asked = ["All that is here.", "Gap: nothing."]
    return build_report(runs_to_report, asked=asked, replicates=100)


@pytest.fixture(scope="session")
def run_of_labels(made_once: Callable) -> FinishedRun:
    """Return a real study of two numbers of labels."""
    from w2s_mol.runs import find_runs

    [found] = find_runs([made_once("advice", make_run_of_labels) / "run"])
    return found


def make_run_of_labels(place: Path) -> None:
    import pandas as pd

    from w2s_mol.datasets.loading import load_dataset
    from w2s_mol.study.run import run_study

    known = load_dataset("computed-logp")
    table = pd.DataFrame({"smiles": known.smiles[:200], "logp": known.labels[:200]})
    table.to_csv(place / "own.csv", index=False)
    run_study(
        dataset=str(place / "own.csv"),
        target_column="logp",
        weak=["weak-h8-s0", "weak-h32-s0"],
        strong="ecfp",
        labels=[60, 140],
        label_seeds=[0, 1],
        output_dir=place / "run",
    )


@pytest.fixture
def changed_esol(run_folders: Path, tmp_path: Path) -> Callable[..., FinishedRun]:
    """Return the maker of a study of ESOL whose results and predictions are changed.

    The predictions are given with all that is known of their molecules, and written so, as in 0.3.
    """
    from crafted_study import forget_hashes

    from w2s_mol.runs import find_runs
    from w2s_mol.study.prediction_tables import read_predictions

    def make(change: Callable = lambda table: table, name: str = "changed") -> FinishedRun:
        folder = tmp_path / name
        shutil.copytree(run_folders / "study", folder)
        [made] = find_runs([folder])
        tables = {"results": made.table("results"), "predictions": read_predictions(made)}
        for table, found in tables.items():
            repeated = found.select_dtypes("category").columns
            plain = found.astype(dict.fromkeys(repeated, object))
            change(plain[plain["dataset"] == "esol"]).to_parquet(folder / f"{table}.parquet")
        (folder / "molecules.parquet").unlink()
        forget_hashes(folder)
        [run] = find_runs([folder])
        return run

    return make
