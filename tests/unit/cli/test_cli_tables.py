"""Tables of the terminal: as wide as it is, by whole columns and rows that go in a stated order."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_mol.cli import tables
from w2s_mol.cli.tables import Asked, Shown, text_of, together, within
from w2s_mol.errors import InputError

TABLE = Shown(
    title="of [red]:smile:",
    heads=("weak encoder", "hidden", "bound (valid)", "true error", ""),
    rows=(
        ("weak-h96-s1", "96", "0.0292 ± 0.0085", "0.058", "pick"),
        ("a/name/of/one's own", "8", "0.4000 ± 10.0121", "0.061", ""),
        ("weak-h8-s0", "8", "9.5000 ± 0.0100", "0.600", ""),
        ("weak-h64-s0", "64", "9.6000 ± 0.0100", "0.010", "oracle"),
    ),
    numeric=frozenset({1, 2, 3}),
    goes=("hidden", "true error", "bound (valid)"),
    pick=0,
    kept=frozenset({0, 3}),
    note="What is said of it, in more than so many words.",
    rest=" or results.csv",
)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def heads_at(width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    return text_of(TABLE).splitlines()[1]


def test_columns_go_in_their_order_and_it_is_said_which(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = [heads_at(width, monkeypatch).split("  ") for width in (65, 64, 56, 30)]
    named = [{head.strip() for head in heads if head.strip()} for heads in seen]
    first, *_ = TABLE.heads
    assert named == [
        {first, "hidden", "bound (valid)", "true error"},
        {first, "bound (valid)", "true error"},
        {first, "bound (valid)"},
        {first},
    ]
    assert "Left out: hidden, bound, true-error (--columns)." in " ".join(text_of(TABLE).split())


@pytest.mark.parametrize("width", [20, 34, 47, 56, 61, 80, 120])
def test_no_word_and_no_number_is_cut_at_any_width(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = text_of(TABLE)
    words = set(text.split())
    assert "…" not in text
    assert {word for row in TABLE.rows for word in row[0].split()} <= words
    if "bound" in text.splitlines()[1]:
        assert {"0.0292", "10.0121"} <= words
    if width >= 34:  # the name itself, and what is said of the row
        assert widest(text) <= width


def test_what_stands_about_a_table_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    lines = text_of(TABLE).splitlines()
    assert " ".join(lines[-2:]) == TABLE.note


def test_a_name_wider_than_the_terminal_is_whole() -> None:
    name = "file:" + "x" * 100 + ".parquet"
    table = replace(TABLE, rows=((name, "1", "1 ± 1", "1", ""),), kept=frozenset())
    assert name in text_of(table)


def test_the_spreads_of_a_column_stand_below_each_other() -> None:
    places = {line.index("±") for line in text_of(TABLE).splitlines() if "±" in line}
    assert len(places) == 1


def test_those_that_are_asked_for_are_shown_however_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    text = text_of(TABLE, Asked(columns="true error, hidden,bound"))
    heads = text.splitlines()[1].split()
    assert " ".join(heads) == "weak encoder true error hidden bound (valid)"
    assert "Left out" not in text
    assert widest(text) > 30


def test_a_column_that_no_table_has_is_refused_with_those_there_are() -> None:
    other = Shown("", ("selector", "regret"), (("a", "1"),))
    with pytest.raises(InputError, match=r"(?s)'gian'.*bound, hidden, regret, selector"):
        together([TABLE, other], Asked(columns="hidden,gian"))
    text = together([TABLE, "between", other], Asked(columns="regret"))
    assert "bound (valid)" in text  # a table that has none of them is shown as ever
    assert "between" in text.splitlines()


@pytest.mark.parametrize(
    ("top", "shown"), [(0, 4), (1, 2), (2, 2), (3, 3), (4, 4), (9, 4), (None, 4)]
)
def test_so_many_rows_are_shown_with_pick_and_oracle_among_them(top: int, shown: int) -> None:
    text = text_of(TABLE, Asked(top=top))
    rows = [row for row in TABLE.rows if row[0] in text]
    assert len(rows) == shown
    assert {"pick", "oracle"} <= set(text.split())
    left = len(TABLE.rows) - shown
    assert (f"{left} more: --top 0 or results.csv." in text) == bool(left)


def test_a_table_takes_the_lines_that_others_leave() -> None:
    many = replace(TABLE, rows=TABLE.rows * 6, kept=frozenset({0, 21}))
    for lines, others in itertools.product((10, 12, 20), ("below", "a\nb\nc")):
        text = within(lines, many, others, Asked())
        assert len(text.splitlines()) == lines
        assert text.endswith(f"\n{others}")
    assert len(within(8, many, "below", Asked(top=0)).splitlines()) > 24


def test_there_is_no_colour_where_there_is_no_terminal() -> None:
    assert "\x1b" not in text_of(TABLE)
    assert text_of(TABLE).splitlines()[0] == TABLE.title


def test_a_table_of_very_many_rows_is_drawn_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr(tables, "text_of", lambda *given: drawn.append(given) or text_of(*given))
    many = replace(TABLE, rows=TABLE.rows * 100, kept=frozenset({0}))
    assert within(20, many, "below", Asked()).count("\n") < 20
    assert len(drawn) < 20
    drawn.clear()
    within(20, many, "below", Asked(top=0))
    assert len(drawn) == 1


WORDS = st.lists(
    st.sampled_from(["column:Glide", "XP", "supervisor", "as", "weak-h96-s1"]), min_size=1,
    max_size=4,
).map(" ".join)  # fmt: skip
NUMBERS = st.floats(0, 1e5).map("{:.3f}".format)
HEADS = st.sampled_from(["use", "best on validation", "test", "mean (test)"])


@settings(deadline=None)
@given(st.lists(st.tuples(HEADS, st.booleans()), min_size=1, max_size=5), st.data(),
       st.integers(10, 100))  # fmt: skip
def test_no_word_and_no_number_is_cut_however_narrow_the_terminal(
    columns: list[tuple[str, bool]], data: st.DataObject, wide: int
) -> None:
    heads = tuple(f"{head}{place}" for place, (head, _) in enumerate(columns))
    rows = tuple(
        tuple(data.draw(NUMBERS if number else WORDS) for _, number in columns) for _ in range(3)
    )
    numeric = frozenset(place for place, (_, number) in enumerate(columns) if number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(wide))
        seen = text_of(Shown("", heads, rows, numeric)).split()
    assert {word for row in rows for cell in row for word in cell.split()} <= set(seen)
