import pytest

from w2s_mol.adaptation.config import AdaptationConfig
from w2s_mol.errors import InputError
from w2s_mol.pretraining.objectives import Objectives


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "no molecules are given"),
        ({"unlabelled": "rows"}, "--unlabelled rows is for the rows of a --dataset"),
        ({"unlabelled": "pool.csv", "split_repeats": 3}, "split_repeats is for a --dataset"),
        ({"dataset": "esol", "epochs": 0}, "epochs is 0"),
        ({"dataset": "esol", "head_epochs": 0}, "head_epochs is 0"),
        ({"dataset": "esol", "learning_rate": 0}, "learning_rate is 0"),
        ({"dataset": "esol", "max_length": 513}, "max_length is 513"),
        ({"dataset": "esol", "precision": "fp16"}, "precision"),
        ({"dataset": "esol", "max_atoms": 5001}, "max_atoms is 5,001"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_by_name(given: dict, named: str) -> None:
    with pytest.raises(InputError, match=named):
        AdaptationConfig(**given)


def test_the_splits_are_those_of_a_study_with_the_same_options() -> None:
    config = AdaptationConfig(
        dataset="mine.csv", target_column="y", split="scaffold", split_repeats=3, delimiter=";"
    )
    study = config.study()
    assert (study.dataset, study.target_column) == (("mine.csv",), ("y",))
    assert (study.split, study.split_repeats, study.delimiter) == ("scaffold", 3, ";")
    assert study.unlabelled == ()


def test_files_of_more_molecules_are_not_the_study_s_and_rows_are() -> None:
    config = AdaptationConfig(dataset="mine.csv", unlabelled=["rows", "pool.csv"])
    assert config.study().unlabelled == ("rows",)


def test_a_column_of_smiles_is_the_pool_s_where_the_dataset_has_its_own() -> None:
    config = AdaptationConfig(dataset="esol", unlabelled="pool.csv", smiles_column="structure")
    assert config.study().smiles_column == "smiles"
    own = AdaptationConfig(dataset="mine.csv", unlabelled="pool.csv", smiles_column="structure")
    assert own.study().smiles_column == "structure"


def test_the_learning_rate_is_a_third_of_pretraining_s() -> None:
    config = AdaptationConfig(dataset="esol")
    assert (config.rate(8), config.rate(256)) == (0.001, 0.05 / 256)
    assert AdaptationConfig(dataset="esol", learning_rate=0.5).rate(8) == 0.5


def test_what_is_chosen_says_nothing_of_how_a_table_is_read() -> None:
    read = {"dataset": "mine.csv", "smiles_column": "s", "target_column": "y", "delimiter": ";"}
    assert AdaptationConfig(**read).chosen() == {}
    assert AdaptationConfig(**read, transductive=True, epochs=3).chosen() == {
        "transductive": True,
        "epochs": 3,
    }


def test_the_seed_is_of_the_order() -> None:
    training = AdaptationConfig(dataset="esol", seed=5).training(Objectives(1.0, 30.0))
    assert (training.order_seed, training.epochs, training.batch_size) == (5, 10, 32)
    assert training.objectives.descriptors == 30.0
