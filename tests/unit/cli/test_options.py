from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest

from w2s_mol.cli.application import new_app
from w2s_mol.errors import InputError
from w2s_mol.option import Option

CALLS: list[dict[str, Any]] = []
app = new_app()


@app.command()
def verb(
    dataset: Annotated[tuple[str, ...], Option(short="-d", means="name or path")] = (),
    strong: Annotated[str, Option(means="name or path")] = "molbert",
    weak: Annotated[tuple[str, ...], Option(means="name or path")] = ("shipped",),
    seed: int = 0,
    rate: float = 0.5,
    split_seeds: Annotated[tuple[int, ...], Option(long="--split-seed")] = (0,),
    shuffle: bool = False,
    output_dir: Annotated[Path | None, Option(short="-o")] = None,
) -> None:
    CALLS.append(locals())


def called(*arguments: object) -> dict[str, Any]:
    CALLS.clear()
    app([str(argument) for argument in arguments], standalone_mode=False)
    return CALLS[0]


@pytest.fixture
def config(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "own.toml"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--strong", "a", "--strong", "b"), "--strong is given 2 times"),
        (("-o", "a", "--output-dir", "b"), "--output-dir is given 2 times"),
        (("--seed=1", "--seed", "1", "--seed", "2"), "--seed is given 3 times"),
        (("--config", "a.toml", "--config", "b.toml"), "--config is given 2 times"),
    ],
)
def test_an_option_of_one_value_is_given_once(arguments, named: str) -> None:
    with pytest.raises(InputError, match=named):
        called(*arguments)


def test_an_option_that_may_be_repeated_may() -> None:
    found = called("-d", "a", "--dataset", "b", "--shuffle", "--shuffle")
    assert (found["dataset"], found["shuffle"]) == (["a", "b"], True)


def test_one_text_is_a_list_of_one_where_several_may_be(config) -> None:
    path = config('dataset = "lipop"\nweak = "random"\nsplit-seed = 7\nseed = 3\nrate = 1\n')
    found = called("--config", path)
    assert found["dataset"] == ["lipop"]
    assert found["weak"] == ["random"]
    assert found["split_seeds"] == [7]
    assert (found["seed"], found["rate"], found["strong"]) == (3, 1.0, "molbert")


def test_the_command_line_comes_first(config) -> None:
    path = config('dataset = ["a", "b"]\nseed = 3\nshuffle = true\n')
    found = called("--config", path, "--seed", "4", "-d", "c")
    assert (found["dataset"], found["seed"], found["shuffle"]) == (["c"], 4, True)


def test_paths_are_seen_from_the_files_folder(
    config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("own.csv", "family", "lipop", "shipped", "ecfp"):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    path = config(
        'dataset = ["own.csv", "lipop", "missing.csv", "./lipop"]\nstrong = "hf:a/b"\n'
        'weak = ["family", "shipped", "ecfp"]\noutput-dir = "../made/run"\n'
    )
    found = called("--config", path)
    here = str(tmp_path)
    assert found["dataset"] == [f"{here}/own.csv", "lipop", "missing.csv", f"{here}/lipop"]
    assert found["weak"] == [f"{here}/family", "shipped", "ecfp"]
    assert found["strong"] == "hf:a/b"
    assert found["output_dir"] == tmp_path.parent / "made" / "run"
    assert called("--config", path, "-o", "x")["output_dir"] == Path("x")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("seed = 1\ndebug = true", "unknown key in .*'debug'"),
        ("seed = [1, 2]", "seed is a list .*should be one text or number"),
        ("seed = true", "seed is true or false .*should be one text or number"),
        ("seed = 2020-01-01", "seed is a date .*should be one text or number"),
        ("shuffle = 1", "shuffle is a whole number .*should be true or false"),
        ('shuffle = "yes"', "shuffle is a text .*should be true or false"),
        ("dataset = [[1]]", "dataset is a list .*should be a list of texts or numbers"),
        ("dataset = {a = 1}", "dataset is a table"),
        ("split-seed = [0]\nsplit_seeds = [1]", "gives 'split_seeds' twice"),
        ("seed = " + "[" * 3000 + "]" * 3000, "config .*(nested too deep|TOML)"),
        ("seed = " + "9" * 5000, "It should be TOML"),
        ("seed = [", "It should be TOML"),
    ],
)
def test_what_a_file_may_not_say_is_named(config, text: str, named: str) -> None:
    with pytest.raises(InputError, match=f"(?s){named}"):
        called("--config", config(text))


def test_a_fraction_is_no_whole_number(config) -> None:
    """Click would cut it off."""
    with pytest.raises(Exception, match="integer") as caught:
        called("--config", config("seed = 1.5"))
    assert caught.value.exit_code == 2
