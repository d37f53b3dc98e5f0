from pathlib import Path

import pytest

from w2s_mol import run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.errors import InputError
from w2s_mol.heads import mlp
from w2s_mol.prediction.choosing import CANDIDATES, choose
from w2s_mol.runs import FinishedRun, find_runs
from w2s_mol.selection.tables import selections
from w2s_mol.study.kept_models import KeptModels


@pytest.fixture(scope="module")
def run(run_folders: Path) -> FinishedRun:
    [found] = find_runs([run_folders / "study"])
    return found


@pytest.fixture(scope="module")
def models(run: FinishedRun) -> KeptModels:
    return KeptModels(run)


def test_picked_is_the_rules_pick_on_validation(run: FinishedRun, models: KeptModels) -> None:
    for study in selections(run.table("results")):
        found = choose(run, models, study.keys["dataset"], "picked")
        assert found.weak == study.table["weak"][0]
        assert found.keys == study.keys
        assert [kept.split for kept in found.kept] == ["0", "1"]


def test_recommended_is_what_errs_least_on_validation(run: FinishedRun, models: KeptModels) -> None:
    results = run.table("results")
    for weak in ("weak-h8-s0", "weak-h16-s0"):
        found = choose(run, models, "esol", weak, "ecfp")
        here = (results["dataset"] == "esol") & (results["weak"] == weak)
        valid = results[here & (results["eval_split"] == "valid")]
        errors = {use: valid[f"{use}_error"].mean() for use in CANDIDATES}
        assert found.use == min(errors, key=lambda use: errors[use])


def test_by_default_supervisor_and_use_are_the_pair_that_errs_least(
    run: FinishedRun, models: KeptModels
) -> None:
    found = choose(run, models, "esol")
    results = run.table("results")
    here = (results["dataset"] == "esol") & (results["eval_split"] == "valid")
    means = results[here].groupby("weak")[[f"{use}_error" for use in CANDIDATES]].mean()
    assert means.loc[found.weak, f"{found.use}_error"] == means.to_numpy().min()


def test_models_of_a_null_control_are_said_to_be_that(run_folders: Path) -> None:
    for name, control in (("shuffled", "shuffled labels"), ("study", None)):
        [found] = find_runs([run_folders / name])
        words = choose(found, KeptModels(found), "esol").words
        assert (f"null control ({control})" in words) == bool(control)
        assert "null control" not in words or control


@pytest.mark.parametrize(
    ("use", "students", "reads_weak"),
    [("weak", 0, True), ("w2s", 2, False), ("direct", 2, False), ("delta", 2, True)],
)
def test_a_use_has_the_models_that_it_needs(
    run: FinishedRun, models: KeptModels, use: str, students: int, reads_weak: bool
) -> None:
    found = choose(run, models, "esol", "shipped/weak-h8-s0", None, use)
    assert (len(found.students), found.reads_weak) == (students, reads_weak)
    assert len(found.supervisors) == len(found.kept) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, r"several datasets: .*lipop.*Say which with --dataset"),
        ({"dataset": "eslo"}, r"unknown dataset of the run: 'eslo'\. Did you mean 'esol'"),
        ({"dataset": "esol", "strong": "ecpf"}, r"Did you mean 'ecfp'"),
        ({"dataset": "esol", "weak": "weak-h8-s1"}, r"Did you mean 'weak-h8-s0'"),
        ({"dataset": "esol", "use": "staack"}, r"unknown use 'staack'\. Did you mean 'stack'"),
    ],
)
def test_unknown_names_are_told_with_the_nearest(
    run: FinishedRun, models: KeptModels, asked: dict, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        choose(run, models, **asked)


@pytest.mark.parametrize(("asked", "taken"), [(None, "140"), ("140", "140"), ("60", "60")])
def test_of_several_numbers_of_labels_the_most_are_taken_or_those_asked_for(
    run_of_labels: FinishedRun, asked: str | None, taken: str
) -> None:
    found = choose(run_of_labels, KeptModels(run_of_labels), labels=asked)
    assert set(found.results["labels"]) == {taken}
    assert f" labels {taken} seed " in found.kept[0].split
    assert f", {taken} labels," in found.words


def test_a_number_of_labels_that_a_run_does_not_have_is_told(run_of_labels: FinishedRun) -> None:
    with pytest.raises(InputError, match=r"labels of the run: '50'\..*one of: 140, 60\."):
        choose(run_of_labels, KeptModels(run_of_labels), labels="50")


def test_uses_that_need_a_supervisor_without_a_model_are_not_there(
    run: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {name: run.table(name) for name in ("results", "models", "scalers")}
    scalers = tables["models"]["scaler"].where(tables["models"]["use"] != "weak", "")
    tables["models"] = tables["models"].assign(scaler=scalers)
    monkeypatch.setattr(FinishedRun, "table", lambda _, name: tables[name])
    models = KeptModels(run)
    with pytest.raises(InputError, match=r"no models of use 'delta'.*It keeps: w2s, both, direct"):
        choose(run, models, "esol", use="delta")
    assert choose(run, models, "esol").use in ("w2s", "both", "direct")


def test_heads_of_which_no_model_is_kept_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlp, "_EPOCHS", 1)
    rows = "".join(f"{smiles},{y},{y + i % 3}\n" for i, (smiles, y) in enumerate(generate(40)))
    (tmp_path / "own.csv").write_text(f"smiles,y,dock\n{rows}")
    run_study(
        dataset=str(tmp_path / "own.csv"),
        target_column="y",
        weak=("rdkit2d", "column:dock", "raw:dock"),
        strong="ecfp",
        head="mlp",
        head_width=2,
        split_seeds=0,
        output_dir=tmp_path / "run",
    )
    [run] = find_runs([tmp_path / "run"])
    models = KeptModels(run)
    for asked in ({"use": "direct"}, {"weak": "rdkit2d"}, {"weak": "column:dock"}):
        with pytest.raises(InputError, match=r"--head mlp, and such heads are not kept: .*ridge"):
            choose(run, models, **asked)
    # What stands in a column as it is needs no head.
    assert choose(run, models).weak == "raw:dock"
