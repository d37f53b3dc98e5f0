from crafted_study import crafted

from w2s_mol.report import tables
from w2s_mol.report.blocks import Table
from w2s_mol.selection.tables import selections
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
