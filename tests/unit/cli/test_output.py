import json
import math

import pytest

from w2s_mol.cli import output


def test_names_that_look_like_markup_are_printed_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.print_rows(["a [b]", "x"], [["[/b]", 0.5], [":smile:", 1.0]], "table", "of [red]:+1:")
    said = capsys.readouterr().out
    assert all(text in said for text in ("a [b]", "[/b]", ":smile:", "of [red]:+1:"))


def test_json_has_null_for_what_is_not_finite(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_rows(["x"], [[math.nan], [math.inf], [-math.inf], [1.0]], "json")
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert [row["x"] for row in found] == [None, None, None, 1.0]


def test_ten_reasons_are_told_and_the_others_counted(capsys: pytest.CaptureFixture[str]) -> None:
    output.note_counts({f"reason {number}": 20 - number for number in range(12)})
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "note: 20 × reason 0."
    assert said[10:] == ["note: 19 more for 2 other reasons, each in its row."]
