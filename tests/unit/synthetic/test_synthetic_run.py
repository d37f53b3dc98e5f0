import dataclasses
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from w2s_mol.errors import InputError
from w2s_mol.synthetic import run as module
from w2s_mol.synthetic.config import EXPERIMENTS, SyntheticConfig
from w2s_mol.synthetic.run import run_synthetic
from w2s_mol.tasks.registry import REGRESSION

TINY = SyntheticConfig(
    experiment=("realizable", "perturbation"),
    seeds=(0, 1),
    representation_epochs=5,
    representation_batch=20,
    restarts=2,
    pretraining_tasks=4,
    pretraining_samples=40,
    low_tasks=2,
    low_samples=10,
    finetuning_tasks=3,
    finetuning_samples=40,
)


def test_results_are_one_row_a_seed_experiment_and_task() -> None:
    found = run_synthetic(TINY)
    keys = found.tables["results"][["experiment", "seed", "task"]]
    assert len(keys) == len(keys.drop_duplicates()) == 2 * 2 * 3
    assert found.folder is None
    assert found.tables["curves"].groupby(["experiment", "seed", "role"]).size().to_dict() == {
        ("realizable", 0, "weak"): 5,
        ("realizable", 1, "weak"): 5,
    }


def test_a_seed_given_twice_is_not_counted_twice() -> None:
    results = run_synthetic(dataclasses.replace(TINY, seeds=(0, 0))).tables["results"]
    assert not results.duplicated(["experiment", "seed", "task"]).any()


def test_settings_may_be_given_as_keywords_but_not_beside_a_config() -> None:
    keywords = {f.name: getattr(TINY, f.name) for f in dataclasses.fields(TINY)}
    one, two = run_synthetic(TINY), run_synthetic(**keywords)
    pd.testing.assert_frame_equal(one.tables["results"], two.tables["results"])
    with pytest.raises(InputError, match="not both"):
        run_synthetic(TINY, head="mlp")


def test_results_do_not_depend_on_what_runs_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "together"))
    everything = dataclasses.replace(TINY, experiment=("all",), seeds=(2, 1, 0))
    together = run_synthetic(everything).tables["results"]
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "alone"))
    for name in EXPERIMENTS:
        alone = dataclasses.replace(TINY, experiment=(name,), seeds=(1,))
        pd.testing.assert_frame_equal(
            run_synthetic(alone).tables["results"].drop(columns="study"),
            together.query("experiment == @name and seed == 1")
            .drop(columns="study")
            .reset_index(drop=True),
            check_exact=True,
        )


def test_a_run_folder_holds_results_curves_settings_and_manifest(tmp_path: Path) -> None:
    found = run_synthetic(TINY, output_dir=tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()} - {".lock"}
    assert names == {
        "results.csv",
        "results.parquet",
        "curves.parquet",
        "config.toml",
        "manifest.json",
    }
    in_memory = run_synthetic(TINY).tables
    for table, frame in found.tables.items():
        pd.testing.assert_frame_equal(frame, in_memory[table])
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "run" / "results.csv")[list(REGRESSION.names())],
        in_memory["results"][list(REGRESSION.names())],
    )
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert SyntheticConfig(**config).as_toml() == TINY.as_toml()
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["kind"] == "synthetic"
    assert manifest["finished"] is True
    assert manifest["experiments"] == ["realizable", "perturbation"]
    assert manifest["all_experiments"] is False
    assert set(manifest["seconds"]) == {
        "total",
        *(f"{name}-{seed}" for name in TINY.experiment for seed in (0, 1)),
    }


def test_a_run_stopped_between_parts_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_synthetic(TINY, output_dir=tmp_path / "whole")
    original, calls = module.run_experiment, []

    def stop_at_the_second(config, name, seed, *rest):
        calls.append((name, seed))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(config, name, seed, *rest)

    monkeypatch.setattr(module, "run_experiment", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        run_synthetic(TINY, output_dir=tmp_path / "run")
    run_synthetic(TINY, output_dir=tmp_path / "run")
    places = [("realizable", 0), ("realizable", 1), ("perturbation", 0), ("perturbation", 1)]
    assert calls == [*places[:2], *places[1:]]
    for name in ("results.csv", "results.parquet", "curves.parquet"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_finished_run_is_read_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run_synthetic(TINY, output_dir=tmp_path / "run")
    monkeypatch.setattr(module, "run_experiment", None)
    second = run_synthetic(TINY, output_dir=tmp_path / "run")
    assert first.computed
    assert not second.computed
    for table, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, second.tables[table])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"finetuning_tasks": 4}, "its finetuning_tasks is 3, not 4"),
        ({"head": "mlp", "head_epochs": 1}, "its head is exact, not mlp"),
        ({"seeds": (0, 1, 2)}, r"its seeds is \[0, 1\], not \[0, 1, 2\]"),
        ({"experiment": ("realizable",)}, "its experiment is"),
        ({"restarts": 3}, "its restarts is 2, not 3"),
        ({"final_activation": "none"}, "its final_activation is relu, not none"),
    ],
)
def test_another_run_is_not_written_over(tmp_path: Path, other: dict, message: str) -> None:
    run_synthetic(TINY, output_dir=tmp_path)
    before = (tmp_path / "results.csv").read_bytes()
    with pytest.raises(InputError, match=f"holds another synthetic.*{message}"):
        run_synthetic(dataclasses.replace(TINY, **other), output_dir=tmp_path)
    assert (tmp_path / "results.csv").read_bytes() == before


@pytest.mark.parametrize(
    "same",
    [
        {"experiment": ("perturbation", "realizable", "perturbation")},
        {"input_sigma": 500},
        {"final_activation": "relu", "task_order": "together"},
        {"setting": "0.3", **dataclasses.asdict(TINY.recipe)},
    ],
)
def test_the_same_run_said_otherwise_is_the_same_run(tmp_path: Path, same: dict) -> None:
    run_synthetic(TINY, output_dir=tmp_path)
    assert not run_synthetic(dataclasses.replace(TINY, **same), output_dir=tmp_path).computed


def test_all_is_the_same_run_as_every_name(tmp_path: Path) -> None:
    everything = dataclasses.replace(TINY, experiment="all", seeds=0)
    first = run_synthetic(everything, output_dir=tmp_path)
    assert first.manifest["all_experiments"] is True
    named = dataclasses.replace(everything, experiment=tuple(reversed(EXPERIMENTS)))
    assert not run_synthetic(named, output_dir=tmp_path).computed


def test_progress_counts_experiments_to_the_end() -> None:
    told: list[tuple] = []
    run_synthetic(TINY, progress=lambda *what: told.append(what))
    whole = [(done, total) for work, done, total in told if work == "synthetic experiments"]
    assert whole == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_an_unknown_experiment_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'pretaining'\. Did you mean 'pretraining'"):
        run_synthetic(experiment="pretaining")
