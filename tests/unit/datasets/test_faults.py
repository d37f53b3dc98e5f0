from __future__ import annotations

import pytest

from w2s_mol.datasets.faults import Fault, faults_error, item_fault, left_out_note
from w2s_mol.errors import InputError


def test_one_fault_is_told_in_a_line():
    error = faults_error("own.csv", [Fault(7, "empty label", "column 'y'")])
    assert str(error) == (
        "own.csv line 7: empty label: column 'y'. Fix the row, or pass --on-invalid skip."
    )


def test_reasons_that_differ_in_a_count_or_a_sign_alone_are_counted_together():
    faults = [
        item_fault(2, "65 tokens, the limit is 64", "C" * 65),
        item_fault(4, "1,066 tokens, the limit is 64", "CC"),
        item_fault(5, "an element outside the vocabulary: Na", "C[Na]"),
        item_fault(6, "an element outside the vocabulary: K", "C[K]"),
    ]
    assert left_out_note(faults) == (
        "4 rows left out (2 × too many tokens, the limit is 64; "
        "2 × an element outside the vocabulary)"
    )
    assert str(faults_error("own.csv", faults, 9)).splitlines()[3:6] == [
        "  line 4: 1,066 in 'CC'",
        "2 × an element outside the vocabulary:",
        "  line 5: Na in 'C[Na]'",
    ]


def test_ten_of_a_reason_need_no_file(fresh_home):
    faults = [Fault(n, reason) for reason in ("a", "b") for n in range(10)]
    message = str(faults_error("own.csv", faults, word="record"))
    assert "  record 9\n" in message
    assert not fresh_home.exists()


def test_a_list_that_cannot_be_written_does_not_hide_what_is_wrong(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("W2S_MOL_HOME", str(tmp_path / "file"))
    error = faults_error("own.csv", [Fault(n, "empty label") for n in range(20)])
    assert isinstance(error, InputError)
    assert "and 10 more\nFix the rows" in str(error)


@pytest.mark.parametrize("where", ["../own.csv", "a" * 300 + ".csv", "b\udcff.csv"])
def test_a_table_of_any_name_has_its_list(fresh_home, where):
    message = str(faults_error(where, [Fault(n, "empty label") for n in range(20)]))
    [listed] = (fresh_home / "faults").iterdir()
    assert str(listed) in message
    assert len(listed.read_text().splitlines()) == 21
