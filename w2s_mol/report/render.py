"""A report as one self-contained HTML file, or as Markdown with its figures beside it."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from w2s_mol import files
from w2s_mol.figures.style import Picture, save, write
from w2s_mol.glossary import GLOSSARY
from w2s_mol.report.blocks import Commands, Drawing, Gallery, Report, Table, Text, Verdict
from w2s_mol.report.terms import Terms, anchor, explained

ReportFormat = Literal["html", "md"]


def write_report(report: Report, path: Path, form: ReportFormat) -> None:
    """Write a report.

    Parameters
    ----------
    report
        As ``build_report`` returns it.
    path
        The file; Markdown's figures go to a folder of its name beside it.
    form
        ``html``: one file, the pictures within. ``md``: text, the pictures as SVG files.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    if form == "html":
        text = _render("report.html.j2", report, _as_data)
    else:
        folder = path.with_name(f"{path.stem}-figures")
        for picture in pictures_in(report):
            save(picture, folder, ["svg"])
        text = _render("report.md.j2", report, lambda picture: f"{folder.name}/{picture.name}.svg")
    files.write_text(path, text)


def pictures_in(report: Report) -> list[Picture]:
    """Return the pictures of a report in order."""
    blocks = [block for section in report.sections for block in section.blocks]
    return [block.picture for block in blocks if isinstance(block, Drawing)]


def _render(template: str, report: Report, source: Callable[[Picture], str]) -> str:
    environment = Environment(
        loader=PackageLoader("w2s_mol.report"),
        autoescape=template.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests.update(
        table=lambda b: isinstance(b, Table),
        drawing=lambda b: isinstance(b, Drawing),
        gallery=lambda b: isinstance(b, Gallery),
        text=lambda b: isinstance(b, Text),
        verdict=lambda b: isinstance(b, Verdict),
        commands=lambda b: isinstance(b, Commands),
    )
    environment.filters["words"] = _markdown
    environment.filters["svg_source"] = _svg_source
    environment.filters["cell"] = lambda text: _markdown(text).replace("|", "\\|")
    environment.filters.update(explained=explained, anchor=anchor, parts=_parts)
    return environment.get_template(template).render(
        report=report, source=source, terms=Terms(), glossary=GLOSSARY
    )


def _parts(cell: str) -> list[str]:
    """Return what of a number may stand on a line of its own: it, and its spread or interval."""
    number, space, beside = cell.partition(" ")
    return [number, beside] if space and beside[0] in "[±" else [cell]


def _as_data(picture: Picture) -> str:
    """Return a picture as an address that holds it whole, so that the file needs no other."""
    svg = io.BytesIO()
    write(picture.figure, svg, "svg")
    return _svg_source(svg.getvalue().decode())


def _svg_source(svg: str) -> str:
    """Return an address that holds an SVG document; what is shown by address runs no script."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def _markdown(text: str) -> str:
    """Return text that Markdown shows as it stands, on one line."""
    return re.sub(r"([\\`*_<>]|\](?=\())", r"\\\1", " ".join(text.split()))
