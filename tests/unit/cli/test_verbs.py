from __future__ import annotations

import pytest

from w2s_mol.cli.verbs import after_interrupt


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "-d", "select"], "go on where it stopped"),
        (["-q", "--debug", "pretrain-weak", "--hidden", "8"], "with --resume"),
        (["-v", "select"], "Nothing was left half-written"),
        (["-q"], "Nothing was left half-written"),
    ],
)
def test_who_stops_a_verb_is_told_how_it_goes_on(arguments: list[str], said: str) -> None:
    assert said in after_interrupt(arguments)
