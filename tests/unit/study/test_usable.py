from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from w2s_mol.datasets.dataset import Dataset, Split
from w2s_mol.datasets.pool import joined
from w2s_mol.errors import InputError
from w2s_mol.progress import silent
from w2s_mol.study.usable import begin, faults_of, usable

N = 12


@dataclass
class Reader:
    """Refuses some molecules, some of them only when it computes; notes what it is asked."""

    name: str
    reads: dict[int, str] = field(default_factory=dict)
    computes: dict[int, str] = field(default_factory=dict)
    reading: str = "own"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def read(self, smiles: Sequence[str]) -> list[str]:
        self.asked.append((self.name, "read"))
        return [self.reads.get(row, "") for row in range(len(smiles))]

    def begin(self, tables: Sequence[Sequence[str]], progress: object) -> None:
        self.asked.append((self.name, f"begin {len(tables)}"))

    def prepare(self, smiles: Sequence[str], progress: object) -> list[str]:
        self.asked.append((self.name, "prepare"))
        refused = {**self.reads, **self.computes}
        return [refused.get(row, "") for row in range(len(smiles))]


def dataset(lines: bool = True) -> Dataset:
    rows = np.arange(N)
    return Dataset(
        "own",
        ["C" * (row + 1) for row in range(N)],
        rows.astype(float),
        "label",
        "",
        [Split("0", rows[:8], rows[8:10], rows[10:])],
        lines=[*range(2, N + 2)] if lines else [],
    )


def test_molecules_that_someone_cannot_represent_are_left_out_and_counted() -> None:
    readers = [Reader("a", {3: "an unknown element: Na"}), Reader("b", {}, {5: "65 tokens, 64"})]
    found = usable(dataset(), readers, strict=False, progress=silent)
    assert found.places.tolist() == [row for row in range(N) if row not in (3, 5)]
    assert found.kept.smiles == [dataset().smiles[place] for place in found.places]
    assert found.kept.rows == found.places.tolist()
    assert found.everything.smiles == dataset().smiles
    assert found.note.startswith("2 rows left out (1 × encoder a cannot represent it (an unknown")
    [split], [before] = found.kept.splits, dataset().splits
    for part, rows in split.parts().items():
        expected = [row for row in before.parts()[part] if row not in (3, 5)]
        assert found.places[rows].tolist() == expected


def test_where_all_can_be_used_there_is_no_note() -> None:
    found = usable(dataset(), [Reader("a"), Reader("b")], strict=True, progress=silent)
    assert found.note == ""
    assert found.places.tolist() == [*range(N)]


def test_everyone_begins_on_all_datasets_before_anyone_waits() -> None:
    asked: list[tuple[str, str]] = []
    readers = [Reader(name, asked=asked) for name in "ab"]
    begin([dataset(), dataset()], readers, strict=False, progress=silent)
    assert asked == [("a", "begin 2"), ("b", "begin 2")]
    usable(dataset(), readers, strict=False, progress=silent)
    assert asked[2:] == [("a", "prepare"), ("b", "prepare")]


def test_all_that_is_known_by_reading_is_refused_at_once_before_anything_is_computed() -> None:
    """And of those that read alike one reads."""
    asked: list[tuple[str, str]] = []
    readers = [
        Reader("a", {1: "an unknown element: Na"}, reading="one", asked=asked),
        Reader("b", {1: "an unknown element: Na"}, reading="one", asked=asked),
        Reader("c", {4: "an unknown element: Sn"}, reading="two", asked=asked),
    ]
    with pytest.raises(InputError) as told:
        begin([dataset()], readers, strict=True, progress=silent)
    assert [what for _, what in asked] == ["read", "read"]
    message = str(told.value)
    assert "own: 2 of 12 rows cannot be used" in message
    assert "line 3" in message
    assert "line 6" in message
    assert "--on-invalid skip" in message


def test_what_is_only_known_once_it_is_computed_is_refused_then() -> None:
    with pytest.raises(InputError, match=r"own line 7: encoder b cannot represent it \(not finite"):
        usable(
            dataset(), [Reader("a"), Reader("b", {}, {5: "not finite"})],
            strict=True, progress=silent,
        )  # fmt: skip


def test_where_too_little_is_left_there_is_no_study() -> None:
    with pytest.raises(InputError, match=r"own, split 0: the test part is empty"):
        usable(dataset(), [Reader("a", {10: "no", 11: "no"})], strict=False, progress=silent)


def test_a_molecule_counts_once_with_the_first_who_cannot_read_it() -> None:
    found = [("a", ["", "x: 1", "", "z"]), ("b", ["y", "y", "", ""])]
    faults = faults_of(dataset(), found)
    assert [(row, fault.place, fault.reason) for row, fault in faults.items()] == [
        (0, 2, "encoder b cannot represent it (y)"),
        (1, 3, "encoder a cannot represent it (x)"),
        (3, 5, "encoder a cannot represent it (z)"),
    ]
    assert faults[1].found == "1 in 'CC'"
    assert [f.place for f in faults_of(dataset(lines=False), found).values()] == [0, 1, 3]


def test_molecules_of_another_table_are_told_by_its_name_and_lines() -> None:
    pool = Dataset(
        "pool.csv", ["O"] * 3, np.full(3, np.nan), "", "", [], [7, 8, 9], line_word="row"
    )
    both = joined(dataset(), pool, first_row=N)
    with pytest.raises(InputError, match=r"pool.csv row 8: encoder a cannot represent it \(no\)"):
        usable(both, [Reader("a", {}, {N + 1: "no"})], strict=True, progress=silent)
    with pytest.raises(InputError, match=r"own line 7: encoder a cannot represent it \(no\)"):
        usable(both, [Reader("a", {}, {5: "no", N + 1: "no"})], strict=True, progress=silent)
    found = usable(both, [Reader("a", {}, {5: "no", N + 1: "no"})], strict=False, progress=silent)
    assert found.places[found.kept.unlabelled].tolist() == [N, N + 2]
    assert found.kept.where(N) == "pool.csv row 9"
