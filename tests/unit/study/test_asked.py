import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from w2s_mol.errors import InputError
from w2s_mol.study import asked as module
from w2s_mol.study.asked import asked_for
from w2s_mol.study.config import StudyConfig


@pytest.fixture
def settings(tmp_path: Path, tiny_encoder_folder: Path) -> dict:
    (tmp_path / "own.csv").write_text("smiles,y\nC,1.0\nCC,2.0\n")
    (tmp_path / "split.json").write_text('{"train": [0], "valid": [1], "test": [1]}')
    (tmp_path / "pool.csv").write_text("smiles\nCCC\nCCN\n")
    encoder = copytree(tiny_encoder_folder, tmp_path / "family" / "tiny")
    return {
        "dataset": str(tmp_path / "own.csv"),
        "split_file": str(tmp_path / "split.json"),
        "unlabelled": ("rows", str(tmp_path / "pool.csv")),
        "weak": str(encoder),
        "strong": "ecfp",
    }


def asked(settings: dict, **changed: object) -> str:
    return asked_for(StudyConfig(**{**settings, **changed}))


def test_the_same_settings_and_files_are_the_same(settings: dict, tmp_path: Path) -> None:
    first = asked(settings)
    assert len(first) == 64
    assert asked(settings) == first
    assert asked(settings, seed=0, unit="label units") == first
    for path in [Path(settings["dataset"]), *(tmp_path / "family" / "tiny").iterdir()]:
        os.utime(path, (10**9, 10**9))  # copied by another hand
    assert asked(settings) == first
    (tmp_path / "family" / "tiny" / "README.md").write_text("said otherwise")
    assert asked(settings) == first


@pytest.mark.parametrize(
    "name", ["own.csv", "split.json", "pool.csv", "family/tiny/model.safetensors"]
)
def test_a_changed_byte_is_another(settings: dict, tmp_path: Path, name: str) -> None:
    """Also one that is written at once, with the size as it was."""
    first = asked(settings)
    content = bytearray((tmp_path / name).read_bytes())
    content[-2] ^= 1
    (tmp_path / name).write_bytes(content)
    assert asked(settings) != first


def test_another_setting_is_another(settings: dict) -> None:
    others = [
        {"seed": 1},
        {"head": "ols"},
        {"strong": "rdkit2d"},
        {"strong": ("ecfp", "self")},
        {"strong": "peer"},
        {"weak": "random-h8-s0"},
        {"weak": "random-h8-s1"},
        {"shuffle_weak_labels": True},
        {"unit": "log10"},
    ]
    hashes = {asked(settings), *(asked(settings, **other) for other in others)}
    assert len(hashes) == 1 + len(others)
    assert "" not in hashes


def test_another_version_of_this_or_of_what_reads_molecules_is_another(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = [asked(settings)]
    monkeypatch.setattr(module, "__version__", "9.9.9")
    hashes.append(asked(settings))
    monkeypatch.setattr(module, "RESULTS_FORMAT", 99)
    hashes.append(asked(settings))
    for package in module._READING:
        monkeypatch.setattr(module, "versions", lambda *names, p=package: dict.fromkeys(names, p))
        hashes.append(asked(settings))
    assert len(set(hashes)) == len(hashes) == 3 + len(module._READING)


@pytest.mark.parametrize(
    "unknown",
    [
        {"weak": "python:my_code:Encoder"},
        {"strong": "skfp:ECFP"},
        {"strong": "hf:some/model"},
        {"strong": "molbert"},
        {"strong": "file:nowhere.parquet"},
        {"weak": "no-such-encoder"},
        {"dataset": "esol"},
        {"dataset": "nowhere.csv"},
        {"split_file": "nowhere.json"},
    ],
)
def test_what_is_not_here_or_not_ours_is_not_known_so_simply(
    settings: dict, fresh_home: Path, unknown: dict
) -> None:
    assert asked(settings, **unknown) == ""


def test_a_named_dataset_is_here_once_it_is_fetched(
    settings: dict, fresh_home: Path, mirror: Path
) -> None:
    from w2s_mol.datasets.fetch import fetch

    named = {"dataset": "esol", "split_file": ()}
    assert asked(settings, **named) == ""
    fetch("esol", str(mirror))
    first = asked(settings, **named)
    assert first
    assert asked(settings, **named) == first


def test_numbers_are_known_by_their_names_and_combinations_by_their_members(
    settings: dict, tmp_path: Path
) -> None:
    encoder = settings["weak"]
    combined = {"weak": f"mean:{encoder}+column:dock"}
    others = [{"weak": "column:dock"}, {"weak": "raw:dock"}, {"weak": "property:TPSA"}, combined]
    hashes = [asked(settings, **other) for other in others]
    assert len({*hashes, asked(settings), ""}) == 2 + len(others)
    (Path(encoder) / "model.safetensors").write_bytes(b"other weights")
    again = [asked(settings, **other) for other in others]
    assert again[:3] == hashes[:3]
    assert again[3] not in ("", hashes[3])
    assert asked(settings, weak="mean:column:dock+python:my_code:Encoder") == ""


def test_embeddings_of_a_file_are_known_by_its_content(settings: dict, tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    path.write_bytes(b"one")
    named = {"strong": f"file:{path}"}
    first = asked(settings, **named)
    path.write_bytes(b"two")
    assert first
    assert asked(settings, **named) not in ("", first)


def test_nothing_heavy_is_imported_for_it(settings: dict) -> None:
    """A finished study is recognised in a moment."""
    code = (
        "import json, sys\n"
        "from w2s_mol.study.asked import asked_for\n"
        "from w2s_mol.study.config import StudyConfig\n"
        "settings = json.loads(sys.argv[1])\n"
        "settings['weak'] = [settings['weak'], 'property:TPSA', 'mean:h96', 'chain:all']\n"
        "assert asked_for(StudyConfig(**settings))\n"
        "print([n for n in ('torch', 'rdkit', 'pandas', 'pyarrow', 'scipy') if n in sys.modules])"
    )
    command = [sys.executable, "-c", code, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_finished_study_whose_files_changed_is_not_taken_for_the_one_asked_for(
    tmp_path: Path,
) -> None:
    from w2s_mol import run_study
    from w2s_mol.datasets.builtin import generate

    path = tmp_path / "own.csv"
    rows = [f"{smiles},{label}\n" for smiles, label in generate(60)]

    def write(lines: list[str]) -> None:
        path.write_text("smiles,y\n" + "".join(lines))

    write(rows)
    settings = {"dataset": str(path), "target_column": "y", "split_seeds": (0,)}
    settings |= {"weak": "weak-h8-s0", "strong": "ecfp"}
    first = run_study(output_dir=tmp_path / "run", **settings)
    assert not run_study(output_dir=tmp_path / "run", **settings).computed
    write([rows[0].replace(".", ".1"), *rows[1:]])
    with pytest.raises(InputError, match="holds another study"):
        run_study(output_dir=tmp_path / "run", **settings)
    write(rows)
    found = run_study(output_dir=tmp_path / "run", **settings)
    assert not found.computed
    assert found.finished.manifest == first.finished.manifest


def test_a_table_that_changes_while_it_is_studied_is_not_the_one_asked_for(tmp_path: Path) -> None:
    from w2s_mol import run_study
    from w2s_mol.datasets.builtin import generate

    path = tmp_path / "own.csv"
    rows = [f"{smiles},{label}\n" for smiles, label in generate(60)]
    path.write_text("smiles,y\n" + "".join(rows))

    def change(work: str, done: int, total: int | None) -> None:
        if work.startswith("fitting heads"):
            path.write_text("smiles,y\n" + "".join([rows[0].replace(".", ".1"), *rows[1:]]))

    settings = {"dataset": str(path), "target_column": "y", "split_seeds": (0,)}
    settings |= {"weak": "weak-h8-s0", "strong": "ecfp"}
    found = run_study(output_dir=tmp_path / "run", progress=change, **settings)
    assert found.finished.manifest["asked"] == ""
    with pytest.raises(InputError, match="holds another study"):
        run_study(output_dir=tmp_path / "run", **settings)
