"""A report as people read it: in Chromium, from disk, on a wide page and on a narrow one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.slow  # half a minute together

CHROMIUM = "/usr/bin/chromium"
ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTHS = (1200, 800, 500)


def lacking(what: str) -> None:
    """Skip where something is not there, but fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is not here, and CI must have it")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright")
    if not Path(CHROMIUM).exists():
        lacking(f"{CHROMIUM} (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ALONE))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(report: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    from w2s_mol.report.render import write_report

    path = tmp_path_factory.mktemp("browser") / "report.html"
    write_report(report, path, "html")
    return path.as_uri()


@pytest.fixture
def faults() -> list[str]:
    """What the page complains of, and what it asks for beside itself."""
    return []


@pytest.fixture
def page(browser: Browser, address: str, faults: list[str]) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1200, "height": 900})
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda asked: faults.append(asked.url) if beside(asked.url) else None)

    def beside(url: str) -> bool:
        return not url.startswith(("data:", address))

    opened.goto(address)
    yield opened
    assert faults == []
    opened.close()


def selection(page: Page) -> Locator:
    return page.get_by_role("region", name="Which weak supervisor").first


def column(table: Locator, place: int) -> list[str]:
    return [row.split("\t")[place] for row in table.locator("tbody tr").all_inner_texts()]


def numbers(texts: list[str]) -> list[float]:
    return [float(text.split()[0]) for text in texts]


def test_a_click_on_a_head_sorts_and_another_turns_it_round(page: Page) -> None:
    table = selection(page)
    head = table.locator("th").nth(3)
    before = numbers(column(table, 3))
    for way, expected in (("ascending", sorted(before)), ("descending", sorted(before)[::-1])):
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == way
        assert numbers(column(table, 3)) == expected
    table.locator("th").nth(0).get_by_role("button").click()
    assert head.get_attribute("aria-sort") is None
    assert column(table, 0) == ["weak-h8-s0", "weak-h12-s0", "weak-h16-s0"]  # as people count


def test_the_keyboard_sorts_as_well(page: Page) -> None:
    table = selection(page)
    table.locator("th").nth(1).get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert column(table, 1) == ["8", "12", "16"]
    page.keyboard.press("Space")
    assert column(table, 1) == ["16", "12", "8"]


def test_what_says_nothing_is_last_whichever_way_is_sorted(page: Page) -> None:
    table = page.get_by_role("region", name=re.compile("How the selectors rank")).first
    heads = table.locator("th").all_inner_texts()
    place = heads.index("regret")
    button = table.locator("th").nth(place).get_by_role("button")
    for _ in range(2):
        button.click()
        shown = column(table, place)
        empty = [text.strip() in ("", "n/a") for text in shown]
        assert empty == sorted(empty)


def test_every_row_keeps_its_cells_when_it_is_sorted(page: Page) -> None:
    rows = """tables => tables.map(table => {
        const rows = () => [...table.tBodies[0].rows].map(row => row.innerHTML).sort();
        const before = rows();
        table.querySelectorAll("button").forEach(button => button.click());
        return [before, rows()];
    })"""
    found = page.locator("table.sorts").evaluate_all(rows)
    assert len(found) > 5
    assert all(before == after for before, after in found)


def test_every_link_leads_to_a_place_on_the_page(page: Page) -> None:
    page.locator('nav a[href="#glossary"]').click()
    assert page.locator("dt").first.is_visible()
    follow = """links => links.map(link => {
        link.click();
        const there = document.querySelector(":target");
        return [link.getAttribute("href"), location.hash, there && "#" + there.id];
    })"""
    followed = page.locator("a").evaluate_all(follow)
    assert len({target for target, *_ in followed}) > 15
    for target, place, there in followed:
        assert target == place == there


def test_a_number_says_all_of_its_digits_to_who_points_at_it(page: Page) -> None:
    cell = selection(page).locator("tbody tr").first.locator("td").nth(2)
    title = cell.get_attribute("title") or ""
    for shown, exact in zip(cell.inner_text().split(" ± "), title.split(" ± "), strict=True):
        assert len(exact) > len(shown)
        assert float(exact) == pytest.approx(float(shown), abs=5e-5)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways_and_tables_do_so_in_their_boxes(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.locator("div.scroll").evaluate_all(
        "boxes => boxes.map(b => [b.scrollWidth - b.clientWidth, b.getAttribute('aria-label')])"
    )
    assert wide
    if width == max(WIDTHS):
        assert [name for over, name in wide if over > 0] == []
    pictures = page.locator("img").evaluate_all(
        "all => all.map(i => [i.naturalWidth, i.getBoundingClientRect().right, "
        "i.closest('div.wide') !== null])"
    )
    assert all(natural > 0 for natural, *_ in pictures)
    assert all(right <= width or in_a_box for _, right, in_a_box in pictures)


def test_the_first_column_stays_in_sight_of_a_table_that_is_scrolled(page: Page) -> None:
    page.set_viewport_size({"width": 500, "height": 900})
    box = page.get_by_role("region", name=re.compile("How the selectors rank")).first
    cell = box.locator("tbody td").first
    before = cell.bounding_box()
    box.evaluate("b => b.scrollLeft = 150")
    assert box.evaluate("b => b.scrollLeft") > 20
    after = cell.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"], abs=1)


def test_without_scripts_the_page_is_whole_and_tables_are_as_written(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(address)
    assert opened.get_by_role("heading", name="Glossary").is_visible()
    assert selection(opened).get_by_role("button").count() == 0
    assert selection(opened).locator("tbody tr").count() == 3
    context.close()


def test_print_leaves_nothing_beyond_the_paper(page: Page) -> None:
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 less its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert not page.locator("nav").is_visible()
