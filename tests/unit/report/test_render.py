import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from w2s_mol.errors import InputError
from w2s_mol.glossary import GLOSSARY
from w2s_mol.numbers import Form
from w2s_mol.report import render
from w2s_mol.report.blocks import (
    Card,
    Commands,
    Drawing,
    Gallery,
    Report,
    Section,
    Table,
    Text,
    Verdict,
)
from w2s_mol.report.content import build_report
from w2s_mol.report.render import write_report
from w2s_mol.runs import FinishedRun

VOID = {"meta", "img"}
SORTS = Path(render.__file__).parent / "templates" / "report.js"
NASTY = "<script>a|b"
DRAWN = 1 + 1 + 2 * 4 + 1 + 1
"""Pictures: overview, sheet, four of each study, a synthetic experiment, learning curves."""


class Page(HTMLParser):
    """What a page holds; closing tags must fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data.strip())
            return
        self.text += data
        self.texts.append(data.strip())

    def values(self, attribute: str) -> list[str]:
        return [attrs[attribute] or "" for _, attrs in self.tags if attribute in attrs]


def html_of(report: Report, folder: Path) -> Page:
    write_report(report, folder / "report.html", "html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def markdown_of(report: Report, folder: Path) -> str:
    write_report(report, folder / "report.md", "md")
    return (folder / "report.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Page:
    return html_of(report, tmp_path_factory.mktemp("html"))


@pytest.fixture(scope="module")
def markdown(report: Report, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("md")
    return markdown_of(report, folder), folder


def scripts(page: Page) -> list[str]:
    """Return the scripts of a page: the one that sorts tables, and never another."""
    assert [attrs for tag, attrs in page.tags if tag == "script"] == [{}]
    return page.scripts


def plain(*blocks, title: str = "A report", section: str = "A section") -> Report:
    return Report(title, [Section("runs", section, list(blocks))], "0")


def test_a_page_needs_nothing_but_itself(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"link", "iframe", "object", "embed", "base"}
    assert scripts(page) == [SORTS.read_text(encoding="utf-8").strip()]
    assert all(source.startswith("data:image/") for source in page.values("src"))
    assert all(target.startswith("#") for target in page.values("href"))
    assert not page.values("srcset")
    assert not re.search(r"url\(|@import", page.text)


def test_pictures_within_a_page_need_nothing_but_themselves(page: Page, report: Report) -> None:
    sources = page.values("src")
    blocks = [block for section in report.sections for block in section.blocks]
    galleries = [block for block in blocks if isinstance(block, Gallery)]
    molecules = sum(bool(card.svg) for block in galleries for card in block.cards)
    assert molecules > 0
    assert len(sources) == DRAWN + molecules
    for source in sources:
        kind, _, data = source.partition(",")
        assert kind == "data:image/svg+xml;base64"
        svg = base64.b64decode(data).decode()
        links = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert all(link.startswith(("#", "data:")) for link in links)
        assert "<script" not in svg
        assert svg.rstrip().endswith("</svg>")


def test_every_link_has_its_target_and_every_target_is_one(page: Page) -> None:
    ids = page.values("id")
    assert sorted(ids) == sorted(set(ids))
    assert {target[1:] for target in page.values("href")} <= set(ids)


def test_every_run_is_linked_to(page: Page, runs_to_report: list[FinishedRun]) -> None:
    linked = set(page.values("href"))
    assert {f"#run-{run.manifest['study']}" for run in runs_to_report} <= linked


def test_a_page_has_every_heading_caption_cell_and_note(page: Page, report: Report) -> None:
    assert ("html", {"lang": "en"}) in page.tags
    for section in report.sections:
        assert section.title in page.text
        for block in section.blocks:
            if isinstance(block, Text):
                assert block.text in page.text
            elif isinstance(block, Verdict):
                said = [block.text, *block.points, block.warning]
                assert all(text in page.text for text in said)
            elif isinstance(block, Commands):
                assert "\n".join(block.lines) in page.text
            elif isinstance(block, Drawing):
                assert block.picture.caption in page.text
                assert block.picture.caption in page.values("alt")
            elif isinstance(block, Gallery):
                assert block.title in page.texts
                assert block.note in page.text
                for card in block.cards:
                    assert card.smiles in page.text
                    assert card.smiles in page.values("alt")
                    assert {text for fact in card.facts for text in fact} <= {*page.texts}
            else:
                cells = [cell for row in block.rows for cell in row]
                assert all(text in page.text for text in [block.title, block.note, *cells])


def test_numbers_stand_to_the_right_and_pointed_out_rows_in_bold(tmp_path: Path) -> None:
    table = Table("t", ["name", "value"], [["a", "1.5"], ["b", "n/a"]], (), bold=frozenset({1}))
    page = html_of(plain(table), tmp_path)
    cells = [attrs.get("class") for tag, attrs in page.tags if tag in ("td", "th")]
    assert cells == [None, "number"] * 3
    assert [attrs.get("class") for tag, attrs in page.tags if tag == "tr"] == [None, None, "bold"]


def test_a_number_carries_all_of_itself_and_sorts_by_it(tmp_path: Path) -> None:
    cell = Form(2).plus_minus(1 / 3, 0.125)
    page = html_of(plain(Table("t", ["name", "value"], [["a", cell], ["b", ""]], ())), tmp_path)
    [attrs] = [attrs for tag, attrs in page.tags if "data-value" in attrs]
    assert attrs["title"] == "0.3333333333 ± 0.125"
    assert float(attrs["data-value"] or "") == 1 / 3
    assert "0.33 ± 0.12" in page.text


def test_a_table_of_one_row_or_without_heads_is_not_to_be_sorted(tmp_path: Path) -> None:
    for columns, rows, sorts in (
        (["a"], [["x"], ["y"]], ["sorts"]),
        (["a"], [["x"]], []),
        (["", ""], [["x", "1"], ["y", "2"]], []),
    ):
        page = html_of(plain(Table("t", columns, rows, ())), tmp_path)
        assert [attrs["class"] for tag, attrs in page.tags if tag == "table" and attrs] == sorts


def test_a_verdict_is_a_line_its_points_and_a_plain_warning(tmp_path: Path) -> None:
    verdict = Verdict("It gains.", ("One.", "Two."), ("0123",), "Nothing to recover.", "there")
    report = Report("R", [Section("there", "S", [verdict]), Section("runs", "T",
                    [Table("0123", ["", ""], [["a", "b"]], ())])], "0")  # fmt: skip
    page = html_of(report, tmp_path)
    classes = [attrs.get("class") for _, attrs in page.tags]
    assert classes.count("warning") == 1
    assert [tag for tag, _ in page.tags].count("li") == 2 + len(report.sections) + 1
    assert "#there" in page.values("href")
    text = markdown_of(report, tmp_path)
    assert "**It gains.**\n\n- One.\n- Two.\n\nWarning: Nothing to recover." in text


def test_the_date_is_told_where_it_is_known(tmp_path: Path) -> None:
    for date, told in (("2026-11-30", "w2s-mol 0 on 2026-11-30."), ("", "w2s-mol 0.")):
        report = Report("R", [Section("a", "A", [Text("x")])], "0", date)
        assert told in html_of(report, tmp_path).text
        assert told in markdown_of(report, tmp_path)


def test_the_page_ends_with_its_glossary(page: Page) -> None:
    end = page.text[page.text.rindex("Glossary") :]
    assert end.split("\n\n")[0].startswith("Glossary")
    for word, what in GLOSSARY.items():
        assert f"{word}{what}" in end


@pytest.mark.slow
def test_the_same_report_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    small = Report(report.title, [report.sections[0], report.sections[3]], report.version)
    for form in ("html", "md"):
        first, second = (tmp_path / name / f"r.{form}" for name in ("1", "2"))
        write_report(small, first, form)
        write_report(small, second, form)
        assert first.read_bytes() == second.read_bytes()


@pytest.fixture
def nasty(changed_esol: Callable) -> Report:
    """A report on a dataset and supervisors with markup for names."""

    def rename(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign(dataset=NASTY, weak=table["weak"] + "|<b>")

    return build_report([changed_esol(rename)], title=f"On {NASTY}", asked=[NASTY], replicates=100)


def test_names_are_text_on_a_page_and_never_markup(nasty: Report, tmp_path: Path) -> None:
    page = html_of(nasty, tmp_path)
    assert "b" not in {tag for tag, _ in page.tags}
    assert scripts(page) == [SORTS.read_text(encoding="utf-8").strip()]
    assert f"On {NASTY}" in page.text
    assert f"{NASTY}: strong ecfp" in page.text
    assert "weak-h8-s0|<b>" in page.text
    assert {target[1:] for target in page.values("href")} <= set(page.values("id"))


def test_names_are_text_in_markdown_and_never_markup(nasty: Report, tmp_path: Path) -> None:
    text = markdown_of(nasty, tmp_path)
    assert not re.search(r"(?<!\\)<script>", re.sub(r"\]\([^)]*\)", "", text))
    assert not re.search(r"(?<!\\)<b>", text)
    check_markdown_tables(text)
    check_markdown_pictures(text, tmp_path)


def check_markdown_tables(text: str) -> None:
    """Every row of a table has as many cells as the line that makes it one."""
    lines = text.splitlines()
    rules = [n for n, line in enumerate(lines) if re.fullmatch(r"\|( -+:? \|)+", line)]
    assert rules
    for rule in rules:
        n = rule - 1
        while n < len(lines) and lines[n].startswith("|"):
            cells = len(re.findall(r"(?<!\\)\|", lines[n])) - 1
            assert cells == lines[rule].count("|") - 1, lines[n]
            n += 1
        assert n > rule + 1, "a table without rows"


def check_markdown_pictures(text: str, folder: Path) -> int:
    """Every picture's address is one that Markdown reads, and a file is there."""
    drawn = [line for line in text.splitlines() if line.startswith("![")]
    for line in drawn:
        found = re.fullmatch(r"!\[[^\]]*\]\((<[^<>]*>|[^\s<]\S*)\)", line)
        assert found, line
        path = folder / unquote(found[1].strip("<>"))
        assert path.suffix == ".svg"
        assert path.read_bytes().startswith(b"<?xml"), line
    return len(drawn)


def test_markdowns_pictures_lie_beside_it(markdown: tuple[str, Path]) -> None:
    text, folder = markdown
    assert check_markdown_pictures(text, folder) == DRAWN
    assert {path.name for path in folder.iterdir()} == {"report.md", "report-figures"}


@pytest.mark.parametrize("name", ["my data", "a (1)", "50%"])
def test_markdown_finds_its_pictures_whatever_the_dataset_is_called(
    changed_esol: Callable, tmp_path: Path, name: str
) -> None:
    report = build_report([changed_esol(lambda table: table.assign(dataset=name))], replicates=100)
    assert check_markdown_pictures(markdown_of(report, tmp_path), tmp_path) == 4


def test_markdowns_tables_are_tables(markdown: tuple[str, Path], report: Report) -> None:
    text, _ = markdown
    check_markdown_tables(text)
    blocks = [block for section in report.sections for block in section.blocks]
    rules = re.findall(r"^\|( -+:? \|)+$", text, flags=re.MULTILINE)
    assert len(rules) == sum(isinstance(block, Table | Gallery) for block in blocks)


def test_markdown_has_every_heading_and_every_paragraph(
    markdown: tuple[str, Path], report: Report
) -> None:
    text = markdown[0].replace("\\", "")
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings == [section.title for section in report.sections]
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Text):
                assert block.text in text


def gallery(smiles: str, svg: str) -> Gallery:
    return Gallery("drawn", [Card(smiles, svg, (("label", "1.0"), ("direct", "2.0")))], (), "note")


def test_a_molecule_is_shown_with_its_facts(tmp_path: Path) -> None:
    svg = "<svg xmlns='http://www.w3.org/2000/svg'></svg>"
    page = html_of(plain(gallery("CCO", svg)), tmp_path)
    [source] = page.values("src")
    assert base64.b64decode(source.partition(",")[2]).decode() == svg
    assert page.values("alt") == ["CCO"]
    assert {"drawn", "label", "1.0", "direct", "2.0", "CCO", "note"} <= {*page.texts}
    text = markdown_of(plain(gallery("CCO", svg)), tmp_path)
    check_markdown_tables(text)
    assert "| molecule | label | direct |" in text
    assert "| CCO | 1.0 | 2.0 |" in text


def test_a_molecule_that_cannot_be_drawn_is_text_and_never_markup(tmp_path: Path) -> None:
    page = html_of(plain(gallery(NASTY, "")), tmp_path)
    assert page.values("src") == []
    assert NASTY in page.text
    assert scripts(page) == [SORTS.read_text(encoding="utf-8").strip()]


def test_a_line_break_does_not_end_a_row_of_markdown(tmp_path: Path) -> None:
    table = Table("t", ["a", "b"], [["one\ntwo", "x|y"]], ())
    text = markdown_of(plain(table), tmp_path)
    assert "| one two | x\\|y |" in text
    check_markdown_tables(text)


@pytest.mark.parametrize("form", ["html", "md"])
def test_a_report_that_cannot_be_written_is_refused_by_name(tmp_path: Path, form: str) -> None:
    (tmp_path / "a-file").write_text("mine")
    (tmp_path / f"folder.{form}").mkdir()
    for place in (f"a-file/report.{form}", f"folder.{form}"):
        with pytest.raises(InputError, match=place.replace(".", r"\.")):
            write_report(plain(Text("x")), tmp_path / place, form)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-file", f"folder.{form}"]
