import dataclasses
from pathlib import Path

import pytest

from w2s_mol.cli.folders import study_folder, synthetic_folder
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig

OTHER = {
    "dataset": ("lipop",),
    "weak": ("random",),
    "strong": "rdkit2d",
    "shuffle_weak_labels": True,
    "protocol": "disjoint",
    "head": "ols",
    "head_epochs": 7,
    "pooling": "mean",
    "seed": 1,
    "smiles_column": "structure",
    "target_column": "y",
    "unit": "log10",
    "split_column": ("fold",),
    "split_file": ("a/fold.json",),
    "split": "scaffold",
    "split_seeds": (3, 4),
    "split_repeats": 30,
    "on_invalid": "skip",
}
"""Another value of every setting than its default."""


def of(**settings) -> str:
    folder = study_folder(StudyConfig(**{"dataset": "esol", "strong": "ecfp", **settings}))
    assert folder.parent == Path("runs")
    return folder.name


def test_every_setting_of_a_study_makes_another_folder() -> None:
    known = [field.name for field in dataclasses.fields(StudyConfig)]
    names = [of(), *(of(**{name: OTHER[name]}) for name in known if name in OTHER)]
    assert len(set(names)) == len(names) == len(OTHER) + 1


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "esol-ecfp-paper-ridge"),
        ({"dataset": "all"}, "all-ecfp-paper-ridge"),
        ({"dataset": ("esol", "lipop")}, "esol+lipop-ecfp-paper-ridge"),
        ({"dataset": "own.csv"}, "own-ecfp-paper-ridge"),
        ({"weak": "random"}, "esol-ecfp-paper-ridge-random"),
        ({"shuffle_weak_labels": True}, "esol-ecfp-paper-ridge-shuffled"),
        ({"seed": 1}, "esol-ecfp-paper-ridge-seed1"),
        ({"pooling": "mean"}, "esol-ecfp-paper-ridge-mean"),
        ({"split": "scaffold"}, "esol-ecfp-paper-ridge-scaffold"),
        ({"split_seeds": (3, 4)}, "esol-ecfp-paper-ridge-splits3+4"),
        ({"head": "adamw", "head_epochs": 5}, "esol-ecfp-paper-adamw-head-epochs-5"),
        ({"head": "mlp", "head_width": 8}, "esol-ecfp-paper-mlp-head-width-8"),
        (
            {"target_column": "y", "on_invalid": "skip"},
            "esol-ecfp-paper-ridge-target-column-y-skip",
        ),
    ],
)
def test_names_are_short_and_say_only_what_is_not_the_default(settings, name: str) -> None:
    assert of(**settings) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"dataset": "a/own.csv"}, {"dataset": "b/own.csv"}),
        ({"dataset": "own.csv"}, {"dataset": "a/own.csv"}),
        ({"dataset": "own.csv"}, {"dataset": "own.tsv"}),
        ({"dataset": "own.1.csv"}, {"dataset": "own.2.csv"}),
        ({"weak": "a/family"}, {"weak": "b/family"}),
        ({"weak": "scaffold"}, {"split": "scaffold"}),
        ({"weak": "chain:ecfp>rdkit2d"}, {"weak": "chain:ecfp rdkit2d"}),
        ({"strong": "hf:a/model"}, {"strong": "hf:b/model"}),
        ({"split_file": "a/fold.json"}, {"split_file": "b/fold.json"}),
        ({"target_column": "a b"}, {"target_column": "a/b"}),
        ({"unit": "x" * 200 + "1"}, {"unit": "x" * 200 + "2"}),
    ],
)
def test_what_words_cannot_tell_apart_a_hash_does(one, other) -> None:
    assert of(**one) != of(**other)
    assert not {*":> "} & {*of(**one)}
    assert max(len(of(**one)), len(of(**other))) < 140
    assert "/" not in of(**one) + of(**other)


def test_one_path_written_in_two_ways_is_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "own.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert of(dataset="a/own.csv") == of(dataset=str(tmp_path / "a" / "own.csv"))


def test_synthetic_runs_are_told_apart_too() -> None:
    assert synthetic_folder(SyntheticConfig()) == Path("runs/synthetic-exact")
    some = SyntheticConfig(experiment=("perturbation", "realizable"), seeds=(0, 1), low_tasks=3)
    named = "synthetic-exact-realizable+perturbation-seed0+1-low-tasks-3"
    assert synthetic_folder(some).name == named
    names = {synthetic_folder(SyntheticConfig(weak_sigma=10.0**-n)).name for n in range(9)}
    assert len(names) == 9
