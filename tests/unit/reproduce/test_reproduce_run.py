import json
import re
from pathlib import Path

import pytest

from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.reproduce import run as module
from w2s_mol.reproduce.plan import Plan, Step
from w2s_mol.reproduce.run import reproduce
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig

SYNTHETIC = Step(
    "synthetic",
    "One panel of figure 2.",
    SyntheticConfig(experiment="perturbation", finetuning_tasks=3, finetuning_samples=40),
)
UNFETCHABLE = Step(
    "lipop",
    "Figure 2f.",
    StudyConfig(dataset="lipop", weak="rdkit2d", strong="ecfp"),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Step:
    """A study of a small table with two supervisors."""
    from w2s_mol.datasets.builtin import generate

    path = tmp_path_factory.mktemp("own") / "own.csv"
    path.write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in generate(50)))
    config = StudyConfig(
        dataset=str(path),
        target_column="y",
        weak=("weak-h8-s0", "weak-h12-s0"),
        strong="ecfp",
        split_seeds=(0, 1),
    )
    return Step("own-ecfp", "A table of one's own.", config)


@pytest.fixture(autouse=True)
def _few_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    original = module.build_report
    monkeypatch.setattr(
        module, "build_report", lambda runs, **given: original(runs, replicates=100, **given)
    )
    monkeypatch.setattr(module, "FORMATS", ("svg",))


@pytest.fixture
def _empty_home(fresh_home: Path) -> None:
    """No dataset was fetched before."""


def text_of(report: Path) -> str:
    return re.sub(r"<[^>]+>", "", report.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_every_step_has_its_run_and_the_report_all_of_them(study: Step, tmp_path: Path) -> None:
    said: list[str] = []
    plan = Plan((SYNTHETIC, study), ("Something is not here.",))
    report = reproduce(tmp_path / "all", plan, offline=True, announce=said.append)
    assert report == tmp_path / "all" / "report.html"
    assert said == ["1 of 2: One panel of figure 2.", "2 of 2: A table of one's own."]
    ids = [
        json.loads((tmp_path / "all" / step.name / "manifest.json").read_text())["study"]
        for step in plan.steps
    ]
    page = report.read_text(encoding="utf-8")
    assert all(f'id="run-{study_id}"' in page for study_id in ids)
    assert "Gap: Something is not here." in text_of(report)
    figures = {path.name for path in (tmp_path / "all" / "figures").iterdir()}
    assert figures >= {
        "gain-misfit-own-ecfp.svg",
        "gain-misfit-synthetic-perturbation.svg",
        "learning-curves.svg",
    }
    assert json.loads((tmp_path / "all" / "plan.json").read_text()) == {
        "ran": ["One panel of figure 2.", "A table of one's own."],
        "gaps": ["Something is not here."],
    }


@pytest.mark.usefixtures("_empty_home")
def test_a_step_that_cannot_be_fetched_is_a_gap_and_the_others_go_on(tmp_path: Path) -> None:
    report = reproduce(tmp_path / "all", Plan((UNFETCHABLE, SYNTHETIC), ()), offline=True)
    kept = json.loads((tmp_path / "all" / "plan.json").read_text())
    assert kept["ran"] == ["One panel of figure 2."]
    [gap] = kept["gaps"]
    assert gap.startswith("Figure 2f. Not run: cannot fetch")
    assert "Gap: Figure 2f. Not run:" in text_of(report)
    assert (tmp_path / "all" / "synthetic" / "results.csv").is_file()


@pytest.mark.usefixtures("_empty_home")
def test_nothing_that_could_be_run_is_an_error_with_its_reasons(tmp_path: Path) -> None:
    with pytest.raises(W2SMolError, match=r"(?s)nothing could be run.*Figure 2f\. Not run"):
        reproduce(tmp_path / "all", Plan((UNFETCHABLE,), ()), offline=True)
    assert not list(tmp_path.rglob("report.html"))


def test_a_folder_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("mine")
    with pytest.raises(InputError, match="a-file"):
        reproduce(tmp_path / "a-file", Plan((SYNTHETIC,), ()))
    assert (tmp_path / "a-file").read_text() == "mine"


def test_what_is_finished_is_read_and_the_report_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan((SYNTHETIC,), ())
    before = reproduce(tmp_path, plan).read_bytes()
    monkeypatch.setattr("w2s_mol.synthetic.run.run_experiment", None)
    assert reproduce(tmp_path, plan).read_bytes() == before


@pytest.mark.slow
def test_a_reproduction_stopped_between_steps_goes_on_with_the_rest(
    study: Step, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan((SYNTHETIC, study), ())

    def stop(what: str) -> None:
        if what.startswith("2 of 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reproduce(tmp_path / "all", plan, offline=True, announce=stop)
    assert not (tmp_path / "all" / "report.html").exists()
    monkeypatch.setattr("w2s_mol.synthetic.run.run_experiment", None)
    report = reproduce(tmp_path / "all", plan, offline=True)
    assert "own: strong ecfp" in text_of(report)


def test_device_mirror_and_network_are_for_the_studies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict = {}

    def refuse(config: StudyConfig, **options: object) -> None:
        given.update(options)
        raise InputError("seen")

    monkeypatch.setattr(module, "run_study", refuse)
    with pytest.raises(InputError, match="seen"):
        reproduce(tmp_path, Plan((UNFETCHABLE,), ()), device="cpu", mirror="m", offline=True)
    assert given["output_dir"] == tmp_path / "lipop"
    assert (given["device"], given["mirror"], given["offline"]) == ("cpu", "m", True)
