import shutil
from pathlib import Path

import numpy as np
import pytest

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.encoders.adapted import Seen, write_seen
from w2s_mol.encoders.loading import find_encoder
from w2s_mol.encoders.ref import EncoderRef
from w2s_mol.errors import InputError
from w2s_mol.study.exposure import NEVER_TRAINED, NOT_IN_CORPUS, UNKNOWN, exposures
from w2s_mol.study.run import run_study
from w2s_mol.study.seen import refuse_seen_tests, seen_of

SMILES = ["CCO", "CCN", "CC[C@H](F)Cl", "CCCC", "CCBr", "CCI"]
SPLITS = {"0": [4, 2], "1": [5, 4]}


def dataset(splits: dict[str, list[int]] = SPLITS) -> Dataset:
    """Six molecules; of each split the rows of its test part."""
    parts = [
        Split(name, np.array([0, 1]), np.array([3]), np.array(test))
        for name, test in splits.items()
    ]
    return Dataset("six", SMILES, np.arange(6.0), "y", "units", parts)


@pytest.fixture
def adapted(tiny_encoder_folder: Path, tmp_path: Path):
    """Return the maker of an encoder that has seen some molecules."""

    def made(*molecules: str, transductive: bool = False) -> EncoderRef:
        folder = Path(shutil.copytree(tiny_encoder_folder, tmp_path / "mine", dirs_exist_ok=True))
        write_seen(folder, Seen(transductive, frozenset(molecules)))
        return find_encoder(folder, "cpu")

    return made


def refuse(dataset: Dataset, encoders: list[EncoderRef]) -> None:
    refuse_seen_tests({dataset.name: seen_of(dataset, encoders)})


def test_what_was_seen_is_counted_whatever_its_stereo(adapted) -> None:
    [seen] = seen_of(dataset(), [find_encoder("ecfp"), adapted("CCO", "CCC(F)Cl", "CCI", "CCCCC")])
    assert (seen.encoder, seen.molecules) == ("mine", 3)
    assert seen.of_test == {"0": 1, "1": 1}
    assert seen.of_any_test == 2
    assert seen.words == "molecules of the dataset, without labels: 3; test molecules: 2"


def test_test_molecules_are_told_by_split_and_refused(adapted) -> None:
    with pytest.raises(InputError) as error:
        refuse(dataset(), [adapted("CCI")])
    assert "mine was adapted on 1 test molecules of six (1 of split 1)" in str(error.value)
    assert "--transductive" in str(error.value)


def test_of_many_splits_the_first_are_told(adapted) -> None:
    many = dataset({str(number): [5] for number in range(8)})
    with pytest.raises(InputError, match="1 of split 4 and 3 more splits"):
        refuse(many, [adapted("CCI")])


def test_train_and_validation_molecules_may_be_seen(adapted) -> None:
    refuse(dataset(), [adapted("CCO", "CCN", "CCCC"), find_encoder("ecfp")])


def test_who_says_so_may_have_seen_all(adapted) -> None:
    refuse(dataset(), [adapted("CCI", transductive=True)])


def test_exposure_says_what_an_adapted_encoder_and_what_it_was_made_of_have_seen() -> None:
    from types import SimpleNamespace

    from w2s_mol.study.seen import SeenOfDataset

    def of(made: dict) -> list[str]:
        metadata = {"adapted": {"base": {"name": "it", "made": made}}, "objectives": {"mlm": 1}}
        mine = SimpleNamespace(name="mine", metadata=metadata)
        return list(exposures("esol", True, [mine], [SeenOfDataset("mine", False, 7, {}, 0)]))

    seen = "molecules of the dataset, without labels: 7; test molecules: 0"
    assert of({"corpus_holds_no_molecule_of": ["esol"]}) == [NOT_IN_CORPUS, seen]
    assert of({"trained": False}) == [seen]
    assert NEVER_TRAINED not in of({"trained": False})
    assert of({}) == [UNKNOWN, seen]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    from w2s_mol.datasets.builtin import generate

    path = tmp_path / "own.csv"
    path.write_text("smiles,y\n" + "".join(f"{s},{y}\n" for s, y in generate(60)))
    return path


def test_a_study_refuses_and_marks(adapted, table: Path, tmp_path: Path) -> None:
    asked = {"dataset": str(table), "target_column": "y", "split_seeds": 0}
    smiles = [line.split(",")[0] for line in table.read_text().splitlines()[1:]]
    known = [adapted(*smiles).address, "weak-h8-s0"]
    with pytest.raises(InputError, match="mine was adapted on 6 test molecules of own"):
        run_study(**asked, weak=known, strong="ecfp", output_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="mine was adapted on"):
        run_study(**asked, weak="weak-h8-s0", strong=f"concat:{known[0]}+ecfp")
    adapted(*smiles, transductive=True)
    weak = [*known, f"mean:{known[0]}+weak-h12-s0", "top:2"]
    study = run_study(**asked, weak=weak, strong=["ecfp", f"concat:{known[0]}+ecfp"])
    mark = "mine (transductive)"
    assert set(study.results["weak"]) == {
        mark,
        "weak-h8-s0",
        f"mean:{mark}+weak-h12-s0",
        "top:2 (transductive)",
    }
    assert set(study.results["strong"]) == {"ecfp", f"concat:{mark}+ecfp"}
    exposure = study.finished.manifest["datasets"]["own"]["exposure"]
    assert exposure["molecules of the dataset, without labels: 60; test molecules: 6"] == [mark]
    assert any(f"{mark} learned 6 of the test molecules" in note for note in study.notes["own"])


def test_the_mark_goes_with_embeddings_that_are_written(
    adapted, table: Path, tmp_path: Path
) -> None:
    from w2s_mol.encoders.loading import load_encoder
    from w2s_mol.shards.embedding import embed_table

    folder = adapted("CCO", transductive=True).address
    embed_table(table, load_encoder(folder, "cpu"), tmp_path / "vectors.parquet")
    assert find_encoder(f"file:{tmp_path / 'vectors.parquet'}").name == "vectors (transductive)"
