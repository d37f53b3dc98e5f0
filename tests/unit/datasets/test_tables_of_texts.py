from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from w2s_mol import load_dataset
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.errors import InputError
from w2s_mol.items.texts import Texts

WORDS = ["good", "bad", "dull", "fine", "odd", "new", "old", "red", "blue", "warm", "cold", "wet"]


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Dataset]:
    def loaded(rows: list[str], **settings: object) -> Dataset:
        path = tmp_path / "own.csv"
        path.write_text("\n".join(["text,y,split", *rows, ""]), encoding="utf-8")
        given = {"text_column": "text", "target_column": "y", **settings}
        return load_dataset(str(path), **given)  # type: ignore[arg-type]

    return loaded


def rows_of(texts: list[str], first: int = 0) -> list[str]:
    return [f'"{text}",{first + number},train' for number, text in enumerate(texts)]


def test_texts_are_kept_as_they_stand_and_rdkit_is_not_asked(load: Callable) -> None:
    odd = ["CCO ethanol", " two  blanks ", "c1cc", "\u00e9t\u00e9, ja", "a\nline"]
    dataset = load(rows_of([*odd, *WORDS]))
    assert dataset.smiles == [*odd, *WORDS]
    assert dataset.items == Texts()
    assert dataset.notes == []
    assert dataset.labels.tolist() == list(range(17))


def test_an_empty_text_is_a_fault_of_its_row(load: Callable) -> None:
    rows = rows_of([*WORDS, " "])
    with pytest.raises(InputError, match=r"own.csv line 14: empty text. Fix the row, or pass"):
        load(rows)
    dataset = load(rows, on_invalid="skip")
    assert len(dataset) == 12
    assert dataset.notes == ["1 row left out (1 × empty text)"]


def test_texts_in_two_parts_are_counted_and_those_that_nearly_are(load: Callable) -> None:
    train = rows_of(WORDS)
    held = ["good,1,test", '"Bad!",2,test', "other,3,test", "good,4,valid"]
    dataset = load([*train, *held], split_columns=["split"])
    [note] = dataset.notes
    assert note == (
        "texts that are in two parts of a split: train and valid 1 in split split, train and test "
        "1 in split split, valid and test 1 in split split; texts that differ in case or "
        "punctuation alone from one that is in an earlier part: train and test 1 in split split"
    )


def test_unlabelled_texts_are_sifted_by_what_they_say(load: Callable) -> None:
    labelled = rows_of(WORDS)
    pool = ["unseen,,", "unseen ,,", "good,,"]
    dataset = load([*labelled, *pool], unlabelled=["rows"])
    held = {dataset.smiles[row] for s in dataset.splits for row in (*s.valid, *s.test)}
    kept = [dataset.smiles[row] for row in dataset.unlabelled]
    assert kept == (["unseen"] if "good" in held else ["unseen", "good"])
    assert np.isnan(dataset.labels[dataset.unlabelled]).all()
    assert any("text without a label left out for standing there more" in n for n in dataset.notes)


def test_another_table_of_unlabelled_texts_is_read_by_the_same_column(
    load: Callable, tmp_path: Path
) -> None:
    (tmp_path / "pool.csv").write_text("id,text\n1,Not a molecule.\n2,\n")
    with pytest.raises(InputError, match=r"pool.csv line 3: empty text"):
        load(rows_of(WORDS), unlabelled=[str(tmp_path / "pool.csv")])
    found = load(rows_of(WORDS), unlabelled=[str(tmp_path / "pool.csv")], on_invalid="skip")
    assert found.smiles[-1] == "Not a molecule."
    assert found.items == Texts()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"split": "scaffold"}, "the items are texts, which have no scaffold"),
        ({"smiles_column": "y"}, "both a column of SMILES .'y'. and one of texts .'text'."),
        ({"max_atoms": 20}, "max_atoms is 20, and the items are texts"),
        ({"text_column": "txt"}, "unknown column in own.csv: 'txt'. Did you mean 'text'"),
    ],
)
def test_what_texts_do_not_have_is_refused(load: Callable, settings: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(rows_of(WORDS), **settings)


def test_a_named_dataset_has_no_texts() -> None:
    with pytest.raises(InputError, match=r"has its own columns and splits.*'text_column'"):
        load_dataset("computed-logp", text_column="smiles")
