import pandas as pd
from crafted_study import crafted

from w2s_mol.report import tables
from w2s_mol.report.blocks import Table
from w2s_mol.selection.tables import selections
from w2s_mol.statistics.cases import study_cases
from w2s_mol.statistics.datasets import over_datasets
from w2s_mol.statistics.gain_misfit import FEW_MOLECULES, gain_misfit_table
from w2s_mol.statistics.ranking import ranking_table

BETWEEN_SEEDS = "Kendall between seeds of one size"


def selectors_of(hidden: list[int], seeds: list[int]) -> Table:
    made = crafted(k=4, hidden=hidden, seeds=seeds)
    [selection] = selections(made.tables()[0])
    cases = made.cases()
    return tables.selectors(ranking_table(cases, draws=50), selection, cases)


def test_pretraining_seeds_of_one_size_have_a_column_of_their_own() -> None:
    table = selectors_of([8, 8, 32, 32], [0, 1, 0, 1])
    place = table.columns.index(BETWEEN_SEEDS)
    by_selector = {row[0]: row for row in table.rows}
    assert by_selector["largest hidden size"][place] == "n/a"
    assert by_selector["a random pick, on average"][place] == ""
    assert float(by_selector["smallest weak error"][place].split()[0]) in {-1, 0, 1}  # two pairs
    assert f"{BETWEEN_SEEDS}: over pairs" in table.note
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_without_several_seeds_there_is_no_such_column() -> None:
    table = selectors_of([8, 16, 24, 32], [0] * 4)
    assert BETWEEN_SEEDS not in table.columns
    assert BETWEEN_SEEDS not in table.note
    assert {len(row) for row in table.rows} == {len(table.columns)}


PARTS = {"0": (range(100), range(100, 200), range(200, 300))}


def test_a_rule_that_knew_the_true_errors_picks_nothing_and_is_explained() -> None:
    made = crafted(n=300, k=8, splits=PARTS)
    [selection] = selections(made.tables()[0])
    table = tables.selectors(ranking_table(made.cases(), draws=50), selection, made.cases())
    [ceiling] = [row for row in table.rows if row[0] == "true errors, if they were known"]
    spearman, regret = (table.columns.index(name) for name in ("Spearman", "regret"))
    assert float(ceiling[spearman]) <= 1
    assert ceiling[1] == ceiling[regret] == ceiling[-1] == ""
    assert "no rule can be expected to score more here" in table.note
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_why_there_is_no_interval_is_said_in_place_of_it_and_of_the_ranking_below() -> None:
    cases = crafted().cases()
    table = tables.statistics(gain_misfit_table(cases, 50), cases)
    assert {row[-1] for row in table.rows} == {f"none: {FEW_MOLECULES}"}
    assert f"No interval where {FEW_MOLECULES}. " in selectors_of([8, 16, 24, 32], [0] * 4).note


def test_that_molecules_of_one_scaffold_count_as_one_is_said() -> None:
    results, predictions = crafted(splits=PARTS, n=300).tables()
    rings = ("C1CC1", "C1CCC1", "C1CCCC1")
    smiles = predictions["row"].map(lambda row: rings[row // 100])
    [grouped] = study_cases(results, predictions.assign(smiles=smiles))
    [alone] = study_cases(results, predictions)
    for cases, is_said in ((grouped, True), (alone, False)):
        note = tables.statistics(gain_misfit_table(cases, 50), cases).note
        assert ("molecules of one scaffold count as one" in note) is is_said


def test_what_datasets_say_together_has_a_row_a_claim() -> None:
    claims = pd.DataFrame(
        {
            "group": "0123",
            "study": "strong ecfp",
            "claim": "slope",
            "what": "slope of gain on misfit",
            "dataset": ["a", "b", "c"],
            "estimate": [1.0, 1.1, 1.2],
            "se": [1e-3, 1e-3, 1e-3],
        }
    )
    table = tables.over_datasets(over_datasets(claims), ["a", "b", "c"])
    assert table.title == "All datasets together: strong ecfp"
    assert "Random effects over a, b, c" in table.note
    [row] = table.rows
    assert row[:3] == ["slope of gain on misfit", "3", "3"]
    assert row[3].startswith("1.10 [0.85, 1.35]")
    assert row[4] == "0.10"
    assert row[5] == "0.003"


def test_a_p_smaller_than_three_digits_show_is_said_to_be() -> None:
    claims = pd.DataFrame(
        {"study": "s", "claim": "c", "what": "w", "dataset": ["a", "b", "c"], "se": 1e-3}
    ).assign(group="0123", estimate=[1.0, 1.0001, 1.0002])
    [row] = tables.over_datasets(over_datasets(claims), ["a", "b", "c"]).rows
    assert row[5] == "< 0.001"
