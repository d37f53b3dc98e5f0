"""One declaration of an option makes it; the verb receives a ready object."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import pytest
from typer.main import get_command

from w2s_mol.cli.application import new_app
from w2s_mol.errors import InputError
from w2s_mol.option import Option
from w2s_mol.pretraining.config import CorpusConfig, StrongConfig, WeakConfig
from w2s_mol.settings_check import OneOf, Range, Seed, checked
from w2s_mol.study.config import StudyConfig
from w2s_mol.synthetic.config import SyntheticConfig


@dataclass(frozen=True)
class Settings:
    names: Annotated[tuple[str, ...], Option(short="-n", metavar="NAME")]
    seeds: Annotated[tuple[Seed, ...], Option(long="--seed")] = (0, 1)
    rule: Annotated[Literal["one", "two"], Option("Which.", "Rules")] = "one"
    kind: Annotated[str, OneOf(("first", "second"))] = "first"
    column: str | None = None
    shuffle: Annotated[bool, Option()] = False

    def __post_init__(self) -> None:
        for name, value in checked(self).items():
            object.__setattr__(self, name, value)


CALLS: list[dict[str, Any]] = []
app = new_app()


@app.command()
def verb(
    settings: Settings,
    workers: Annotated[int | None, Range(1), Option("How many.")] = None,
    output_dir: Annotated[Path, Option(short="-o")] = Path("made"),
) -> None:
    CALLS.append({"settings": settings, "workers": workers, "output_dir": output_dir})


def called(*arguments: str) -> dict[str, Any]:
    CALLS.clear()
    app(list(arguments), standalone_mode=False)
    return CALLS[0]


def test_the_verb_receives_its_settings_as_an_object_and_the_rest_as_values() -> None:
    found = called("-n", "a", "--names", "b", "--seed", "7", "--rule", "two", "--shuffle", "-q")
    expected = Settings(("a", "b"), (7,), "two", shuffle=True)
    assert found == {"settings": expected, "workers": None, "output_dir": Path("made")}


def test_defaults_are_the_classes() -> None:
    found = called("-n", "a", "--workers", "2", "-o", "x")
    assert found == {"settings": Settings(("a",)), "workers": 2, "output_dir": Path("x")}


def test_a_range_of_settings_is_held_to_by_their_class_and_one_of_a_value_by_the_parser() -> None:
    with pytest.raises(InputError, match=r"seeds is -1\. It should be 0 or more"):
        called("-n", "a", "--seed", "-1")
    with pytest.raises(Exception, match="greater than or equal to 1") as caught:
        called("-n", "a", "--workers", "0")
    assert caught.value.exit_code == 2


def test_an_option_stands_under_its_heading() -> None:
    command = get_command(app)
    text = command.get_help(command.make_context("verb", [], resilient_parsing=True))
    options, _, rules = text.partition("\nRules:\n")
    assert "  -n, --names NAME " in options
    assert "--seed <int>" in options
    assert "--rule <one|two>" in rules
    assert "Which.  [default: one]" in rules
    assert "--kind <first|second>" in options
    assert "  --shuffle\n" in options
    assert "--no-shuffle" not in text


@pytest.mark.parametrize(
    "kind", [StudyConfig, SyntheticConfig, CorpusConfig, WeakConfig, StrongConfig]
)
def test_every_setting_says_what_it_is_beside_its_type(kind: type) -> None:
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        [option] = [said for said in get_args(hints[field.name])[1:] if isinstance(said, Option)]
        assert option.help, field.name
