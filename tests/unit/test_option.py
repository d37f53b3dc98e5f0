"""How the option of a setting is written."""

from __future__ import annotations

import pytest

from w2s_mol.option import Option


@pytest.mark.parametrize(
    ("option", "spellings"),
    [
        (Option(), ["--split-seeds"]),
        (Option(short="-s"), ["--split-seeds", "-s"]),
        (Option(long="--split-seed"), ["--split-seed"]),
        (Option(long="--split-seed", short="-s"), ["--split-seed", "-s"]),
    ],
)
def test_it_is_the_settings_name_unless_another_is_given(
    option: Option, spellings: list[str]
) -> None:
    assert option.spellings("split_seeds") == spellings
