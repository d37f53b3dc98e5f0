"""Tables of classes as datasets: labels 0 and 1, splits that have both, and what is said."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.embeddings.finding import Finder
from w2s_mol.errors import InputError
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.inputs import load_datasets

N = 40
SMILES = ["C" * (row + 1) + "O" for row in range(N)]
ONES = [row % 3 == 0 for row in range(N)]
STRATIFIED = {"split": "stratified", "split_seeds": (0, 1)}

Load = Callable[..., Dataset]


def csv_text(labels: Sequence[object]) -> str:
    rows = [f"{smiles},{label}" for smiles, label in zip(SMILES, labels, strict=True)]
    return "\n".join(["smiles,y", *rows, ""])


def spelt(zero: object, one: object) -> list[object]:
    return [one if is_one else zero for is_one in ONES]


@pytest.fixture
def load(write: Callable[..., Path]) -> Load:
    def run(labels: Sequence[object], **options: object) -> Dataset:
        table = write("own.csv", csv_text(labels))
        return load_dataset(str(table), target_column="y", **{**STRATIFIED, **options})

    return run


@pytest.mark.parametrize(
    ("zero", "one"), [(0, 1), ("no", "yes"), ("False", "True"), (1, 2), ("inactive", "Active")]
)
def test_a_column_of_two_classes_is_read_as_0_and_1(load: Load, zero: object, one: object) -> None:
    dataset = load(spelt(zero, one))
    assert (dataset.kind, dataset.classes) == ("binary", (str(zero), str(one)))
    assert dataset.labels.dtype == np.float64
    assert dataset.labels.tolist() == [float(is_one) for is_one in ONES]
    named, balance = dataset.notes
    assert named.startswith(f"labels of column 'y' are classes: '{one}' is 1, '{zero}' is 0; pass")
    assert balance.startswith("35.0 % of 40 labels are 1")


def test_the_other_way_and_numbers_can_be_asked_for(load: Load) -> None:
    turned = load(spelt("no", "yes"), positive="no")
    assert turned.classes == ("yes", "no")
    assert turned.labels.tolist() == [float(not is_one) for is_one in ONES]
    numbers = load(spelt(0, 1), task="regression", split="random")
    assert (numbers.kind, numbers.classes, numbers.notes) == ("regression", None, [])
    assert numbers.sha256 == load(spelt(0, 1)).sha256
    with pytest.raises(InputError, match=r"own\.csv: 40 of 40 rows.*\n40 × label is not a number"):
        load(spelt("no", "yes"), task="regression")


def parquet(labels: list[object]) -> bytes:
    file = io.BytesIO()
    pd.DataFrame({"smiles": SMILES, "y": labels}).to_parquet(file)
    return file.getvalue()


def xlsx(labels: list[object]) -> bytes:
    pytest.importorskip("openpyxl")
    file = io.BytesIO()
    pd.DataFrame({"smiles": SMILES, "y": labels}).to_excel(file, index=False)
    return file.getvalue()


def sdf(labels: list[object]) -> bytes:
    file = io.StringIO()
    with Chem.SDWriter(file) as writer:
        for smiles, label in zip(SMILES, labels, strict=True):
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("y", str(label))
            writer.write(mol)
    return file.getvalue().encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("own.csv.gz", lambda labels: gzip.compress(csv_text(labels).encode())),
        ("own.tsv", lambda labels: csv_text(labels).replace(",", "\t").encode()),
        ("own.parquet", parquet),
        ("own.xlsx", xlsx),
        ("own.sdf", sdf),
    ],
)
@pytest.mark.parametrize("values", [(False, True), (0, 1), (0.0, 1.0), ("no", "yes")])
def test_classes_are_found_in_every_form_of_table(
    write: Callable[..., Path], name: str, content: Callable, values: tuple
) -> None:
    table = write(name, content(spelt(*values)))
    dataset = load_dataset(str(table), target_column="y", **STRATIFIED)
    assert dataset.kind == "binary"
    assert dataset.labels.tolist() == [float(is_one) for is_one in ONES]


def test_a_cell_of_neither_class_is_a_fault_of_its_row(load: Load) -> None:
    labels = [*spelt(0, 1)[:-4], "?", "", "nan", "maybe"]
    with pytest.raises(InputError) as caught:
        load(labels)
    assert str(caught.value).splitlines()[:7] == [
        "own.csv: 4 of 40 rows cannot be used.",
        "2 × label is none of the classes '0' and '1':",
        "  line 38: '?' in column 'y'",
        "  line 41: 'maybe' in column 'y'",
        "1 × empty label:",
        "  line 39: column 'y'",
        "1 × label is not finite:",
    ]
    dataset = load(labels, on_invalid="skip")
    assert (dataset.kind, len(dataset)) == ("binary", N - 4)
    assert "4 rows left out (2 × label is none of the classes '0' and '1'" in dataset.notes[0]


def test_rows_without_a_class_may_serve_a_student(load: Load) -> None:
    labels = ["" if row in (5, 9) else label for row, label in enumerate(spelt("no", "yes"))]
    dataset = load(labels, unlabelled=["rows"])
    assert (dataset.kind, dataset.classes) == ("binary", ("no", "yes"))
    assert dataset.unlabelled.tolist() == [N - 2, N - 1]
    assert any(note.startswith("34.2 % of 38 labels are 1 ('yes')") for note in dataset.notes)


@pytest.mark.parametrize(("task", "said"), [
    ("auto", "all 32 training labels are 1. There is nothing to learn from a constant label"),
    ("binary", "column 'y' of own.csv holds one class only, '1'"),
])  # fmt: skip
def test_one_class_alone_is_refused(load: Load, task: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load([1] * N, task=task, split="random")


def test_one_class_alone_that_is_left_of_two_is_refused(load: Load) -> None:
    dataset = load(spelt("no", "yes"))
    with pytest.raises(InputError, match=r"own: all usable labels are 'yes'\. There is one class"):
        dataset.keep(dataset.labels == 1)


def test_a_part_of_one_class_is_refused_with_its_counts_and_the_way_out(load: Load) -> None:
    labels = ["yes" if row == 3 else "no" for row in range(N)]
    said = (
        r"own, split \d: the (train|valid|test) part has \d+ 'no' and 0 'yes', and each part needs "
        r"both\. Of all 40 labels, "
    )
    with pytest.raises(InputError, match=f"{said}1 is 'yes': no split has both in each part"):
        load(labels, split="random")
    three = ["yes" if row < 3 else "no" for row in range(N)]
    with pytest.raises(InputError, match=f"{said}3 are 'yes': pass --split stratified, other"):
        load(three, split="random")
    with pytest.raises(InputError, match="1 of 40 labels are 'yes', too few to split: train"):
        load(labels)
    labels = ["yes" if row in (3, 9, 33) else "no" for row in range(N)]
    dataset = load(labels)
    parts = dataset.splits[0].parts().values()
    assert [dataset.labels[rows].sum() for rows in parts] == [1, 1, 1]


def test_a_part_that_loses_a_class_with_its_rows_is_refused(load: Load) -> None:
    dataset = load(spelt("no", "yes"))
    split = dataset.splits[0]
    ones = [row for row in split.test if dataset.labels[row] == 1]
    left = np.ones(N, dtype=bool)
    left[ones] = False
    with pytest.raises(InputError, match=r"own, split 0: the test part has 3 'no' and 0 'yes'"):
        dataset.keep(left)


def test_a_rare_class_is_told_with_what_it_means(load: Load) -> None:
    labels = ["yes" if row % 13 == 0 else "no" for row in range(N - 1)] + ["no"]
    few = "few are 'yes', and to say the other class of everyone is right of 92.5 %"
    assert load(labels).notes[-1] == f"7.5 % of 40 labels are 1 ('yes'): {few}"
    assert load(labels, positive="no").notes[-1] == f"92.5 % of 40 labels are 1 ('no'): {few}"


def test_each_of_several_targets_is_found_by_itself(write: Callable[..., Path]) -> None:
    rows = [f"{s},{int(one)},{row / 4},{'' if row < 3 else ['off', 'on'][one]}"
            for row, (s, one) in enumerate(zip(SMILES, ONES, strict=True))]  # fmt: skip
    table = str(write("own.csv", "\n".join(["smiles,a,b,c", *rows, ""])))
    config = StudyConfig(dataset=table, target_column=("a", "c"), **STRATIFIED)
    first, second = load_datasets(config, Finder())
    assert (first.classes, second.classes) == (("0", "1"), ("off", "on"))
    assert (len(first), len(second)) == (N, N - 3)
    mixed = StudyConfig(dataset=table, target_column=("a", "b"), split_seeds=8)
    assert [dataset.kind for dataset in load_datasets(mixed, Finder())] == ["binary", "regression"]
    numbers = StudyConfig(dataset=table, target_column=("a", "b"), task="regression")
    assert {dataset.kind for dataset in load_datasets(numbers, Finder())} == {"regression"}


def test_shares_of_classes_are_kept_of_classes_alone(load: Load) -> None:
    with pytest.raises(InputError, match=r"split is stratified.*labels of own are numbers\. It sh"):
        load([row / 4 for row in range(N)])
    with pytest.raises(InputError, match=r"labels of computed-logp are numbers"):
        load_dataset("computed-logp", split="stratified", split_repeats=2)


@pytest.mark.parametrize("name", ["bace", "bbbp"])
def test_named_datasets_of_classes_are_classes_or_numbers_as_asked(name: str, mirror: Path) -> None:
    def loaded(**given: object) -> Dataset:
        return load_dataset(name, mirror=str(mirror), offline=True, **given)

    dataset = loaded()
    assert (dataset.kind, dataset.classes) == ("binary", ("0", "1"))
    assert not any("squared errors" in note for note in dataset.notes)
    numbers = loaded(task="regression")
    assert (numbers.kind, numbers.sha256) == ("regression", dataset.sha256)
    assert "labels are classes 0 and 1; errors are squared errors on them" in numbers.notes
    stratified = loaded(split_repeats=2, split="stratified")
    shares = [
        stratified.labels[rows].mean()
        for split in stratified.splits
        for rows in split.parts().values()
    ]
    np.testing.assert_allclose(shares, stratified.labels.mean(), atol=0.005)


@pytest.mark.parametrize("name", ["esol", "computed-logp", "moleculeace:CHEMBL204_Ki"])
def test_named_datasets_of_numbers_are_no_classes(name: str) -> None:
    with pytest.raises(InputError, match=f"labels of {name} are numbers, and task is binary"):
        load_dataset(name, task="binary", offline=True)
    with pytest.raises(InputError, match="options such as 'positive' are for a CSV of your own"):
        load_dataset(name, positive="1", offline=True)


def test_a_task_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="unknown task 'classes'"):
        load_dataset("computed-logp", task="classes")
