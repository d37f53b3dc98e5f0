from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from w2s_mol import run_study
from w2s_mol.datasets.builtin import generate
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.study import plan as module
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.plan import StudyPlan
from w2s_mol.supervisors.probe import Probe
from w2s_mol.tasks.registry import REGRESSION

WEAK = ("weak-h8-s0", "weak-h12-s0", "weak-h16-s0")
NUMBERS = [*REGRESSION.names(), "weak_penalty", "w2s_penalty", "ceiling_penalty"]
PREDICTED = ["weak_prediction", "w2s_prediction", "ceiling_prediction"]
STUDY = ["study"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("planned") / "own.csv"
    path.write_text("smiles,y\n" + "".join(f"{smiles},{y}\n" for smiles, y in generate(60)))
    return path


@pytest.fixture
def settings(table: Path) -> dict:
    asked = {"dataset": str(table), "target_column": "y", "split_seeds": (0, 1)}
    return {**asked, "weak": WEAK, "strong": "ecfp"}


def plan(settings: dict) -> StudyPlan:
    return StudyPlan(StudyConfig(**settings), Finder(settings.get("pooling", "mean+pooled")))


def test_a_part_is_a_split_under_some_supervisors_and_one_is_of_the_molecules(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan(settings).part_names() == ["000-000-000", "000-001-000", "000-molecules"]
    monkeypatch.setattr(module, "MOST_SUPERVISORS", 2)
    found = plan(settings)
    assert found.part_names() == [
        *("000-000-000", "000-000-001", "000-001-000", "000-001-001"),
        "000-molecules",
    ]
    first, second = (found.do(name, silent) for name in ("000-000-000", "000-000-001"))
    assert set(first.tables["results"]["weak"]) == set(WEAK[:2])
    assert set(second.tables["results"]["weak"]) == set(WEAK[2:])
    assert set(second.tables) == {*module.TABLES} - {"molecules"}
    molecules = found.do("000-molecules", silent)
    assert set(molecules.tables) == {"molecules"}
    assert len(molecules.tables["molecules"]) == 60
    assert set(first.seconds) == {"embedding own", "heads own 0"}
    assert set(second.seconds) == {"heads own 0"}
    assert molecules.seconds == {}


@pytest.mark.slow
@pytest.mark.parametrize("strong", ["ecfp", "self", ("ecfp", "weak-h24-s0")])
@pytest.mark.parametrize("head", ["ridge", "ols"])
def test_a_study_in_many_parts_has_the_numbers_of_one_in_few(
    settings: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strong: object, head: str
) -> None:
    asked = {**settings, "strong": strong, "head": head}
    few = run_study(output_dir=tmp_path / "few", **asked)
    monkeypatch.setattr(module, "MOST_SUPERVISORS", 1)
    many = run_study(output_dir=tmp_path / "many", **asked)
    for name, keys, numbers in (
        ("results", ["strong", "weak", "split", "eval_split"], NUMBERS),
        ("predictions", ["strong", "weak", "split", "row"], PREDICTED),
    ):
        one, other = (getattr(found, name).sort_values(keys) for found in (few, many))
        same = [column for column in one if column not in numbers]
        pd.testing.assert_frame_equal(
            one[same].reset_index(drop=True),
            other[same].reset_index(drop=True),
            check_categorical=False,
            check_dtype=False,
        )
        np.testing.assert_allclose(
            one[numbers].to_numpy(), other[numbers].to_numpy(), rtol=1e-12, atol=1e-12
        )


def alone(found: pd.DataFrame, strong: str) -> pd.DataFrame:
    rows = found[found["strong"] == strong].drop(columns=STUDY, errors="ignore")
    return rows.astype({"strong": str}).reset_index(drop=True)


def test_several_students_of_one_run_are_as_each_in_a_run_alone(settings: dict) -> None:
    names = ("ecfp", "weak-h24-s0", "self", "rdkit2d")
    together = run_study(**{**settings, "strong": names})
    assert list(together.results["strong"].unique()) == list(names)
    assert len(set(together.results["study"])) == 1
    for name in names:
        found = run_study(**{**settings, "strong": name})
        pd.testing.assert_frame_equal(alone(together.results, name), alone(found.results, name))
        pd.testing.assert_frame_equal(
            alone(together.predictions, name), alone(found.predictions, name), check_dtype=False
        )


def test_weak_labels_are_made_once_for_all_students(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, original = [], Probe.labels

    def noted(probe: Probe, lesson: object) -> object:
        made.append(probe.name)
        return original(probe, lesson)

    monkeypatch.setattr(Probe, "labels", noted)
    found = run_study(**{**settings, "strong": ("ecfp", "weak-h24-s0", "self")})
    assert sorted(made) == sorted(2 * WEAK)  # two splits
    keys = ["split", "weak", "row", "weak_prediction"]
    for name in ("weak-h24-s0", "self"):
        pd.testing.assert_frame_equal(
            alone(found.predictions, "ecfp")[keys], alone(found.predictions, name)[keys]
        )


def test_a_student_named_twice_is_one(settings: dict, tmp_path: Path) -> None:
    one = plan({**settings, "strong": ("ecfp", "ecfp")})
    assert one.run_id == plan(settings).run_id


def test_different_students_called_alike_are_refused(
    settings: dict, tiny_encoder_folder: Path, tmp_path: Path
) -> None:
    from shutil import copytree

    other = copytree(tiny_encoder_folder, tmp_path / "other" / tiny_encoder_folder.name)
    config = (other / "config.json").read_text()
    (other / "config.json").write_text(config + "\n")
    strong = (str(tiny_encoder_folder), str(other))
    with pytest.raises(InputError, match="2 different strong encoders are called 'tiny'"):
        plan({**settings, "strong": strong})


def test_students_in_another_order_are_another_study(settings: dict) -> None:
    one = plan({**settings, "strong": ("ecfp", "rdkit2d")})
    assert one.run_id != plan({**settings, "strong": ("rdkit2d", "ecfp")}).run_id


@pytest.mark.slow
@pytest.mark.parametrize("strong", ["ecfp", ("ecfp", "self")])
def test_two_processes_share_a_study(
    settings: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strong: object
) -> None:
    """Each part is done once, and the files are those of a process alone."""
    monkeypatch.setattr(module, "MOST_SUPERVISORS", 1)
    asked = {**settings, "strong": strong}
    run_study(output_dir=tmp_path / "alone", **asked)
    done, original = [], StudyPlan.do

    def noted(study: StudyPlan, part: str, progress: object) -> object:
        done.append(part)
        return original(study, part, progress)

    monkeypatch.setattr(StudyPlan, "do", noted)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run_study, output_dir=tmp_path / "run", **asked) for _ in range(2)]
        assert all(run.result().finished.manifest["finished"] for run in runs)
    assert sorted(done) == plan(asked).part_names()
    names = {path.name for path in (tmp_path / "run").iterdir()} - {"manifest.json"}
    assert names == {
        "results.csv",
        "config.toml",
        *(f"{table}.parquet" for table in module.TABLES),
    }
    for name in names:
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_with_many_molecules_a_part_has_fewer_supervisors(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table of 60 molecules, two splits and three supervisors."""
    assert len(plan(settings).part_names()) == 2 + 1
    monkeypatch.setattr(module, "MOST_VALUES", 2 * 60)
    assert len(plan(settings).part_names()) == 2 * 2 + 1
    monkeypatch.setattr(module, "MOST_VALUES", 1)
    assert len(plan(settings).part_names()) == 2 * 3 + 1


@pytest.fixture
def priced(table: Path, tmp_path: Path) -> Path:
    """The table with a price, half the label and one more, of all but every fifth molecule."""
    lines = table.read_text().splitlines()[1:]
    cells = [line.rpartition(",") for line in lines]
    rows = [
        f"{smiles},{y},{'' if i % 5 == 0 else float(y) / 2 + 1}"
        for i, (smiles, _, y) in enumerate(cells)
    ]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["smiles,y,price", *rows]))
    return path


def test_a_column_supervises_the_molecules_that_have_it(priced: Path, settings: dict) -> None:
    weak = ("raw:price", "column:price", "mean:raw:price+rdkit2d")
    found = run_study(**{**settings, "dataset": str(priced), "weak": weak, "split_seeds": (0,)})
    of_test = found.results[found.results["eval_split"] == "test"].set_index("weak")
    said = found.predictions.query("part == 'test' and weak == 'raw:price'")
    cheap = said["truth"] / 2 + 1
    cheap = cheap[said["row"] % 5 != 0]
    error = float(((cheap - said["truth"][cheap.index]) ** 2).mean())
    assert of_test.loc["raw:price", "weak_error"] == pytest.approx(error, rel=1e-9)
    assert of_test.loc["column:price", "weak_error"] == pytest.approx(0.0, abs=1e-6)
    assert list(of_test["n"]) == [len(cheap)] * 3
    assert of_test["family"].to_dict() == {
        "raw:price": "raw", "column:price": "column", "mean:raw:price+rdkit2d": "mean"
    }  # fmt: skip
    assert of_test["hidden"].isna().all()
    notes = found.notes["own"]
    assert sum("it is the label itself" in note for note in notes) == 2
    assert sum("missing on some molecules, 12 of 60 (20.0%)" in note for note in notes) == 2


def test_what_a_column_holds_is_part_of_a_study_and_what_nobody_reads_is_not(
    priced: Path, settings: dict
) -> None:
    asked = {**settings, "dataset": str(priced), "split_seeds": (0,)}
    column, encoder = {**asked, "weak": "column:price"}, {**asked, "weak": "rdkit2d"}

    def of(one: dict) -> tuple[str, str]:
        return plan(one).run_id, run_study(**one).results["weak_sha256"][0]

    before = [of(column), of(encoder)]
    priced.write_text(priced.read_text().replace(",\n", ",0.25\n", 1))
    after = [of(column), of(encoder)]
    assert before[1] == after[1]
    assert before[0][0] != after[0][0]
    assert before[0][1] != after[0][1]


def test_a_supervisor_without_a_peer_is_refused_before_anything_is_embedded(
    settings: dict, tmp_path: Path, fresh_home: Path
) -> None:
    asked = {**settings, "weak": ("weak-h8-s0", "ecfp"), "strong": "peer"}
    with pytest.raises(InputError, match="ecfp has none"):
        run_study(output_dir=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists()
    assert not (fresh_home / "embeddings").exists()


def test_a_supervisor_that_cannot_teach_is_refused_before_anything_is_written(
    priced: Path, settings: dict, tmp_path: Path
) -> None:
    asked = {**settings, "dataset": str(priced), "weak": "property:NumRadicalElectrons"}
    with pytest.raises(InputError, match="NumRadicalElectrons is constant: 0 for all 60"):
        run_study(output_dir=tmp_path / "run", **asked)
    assert not (tmp_path / "run").exists()
