"""A rendered table as the terminal shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from w2s_mol.selection.rendering import Rendering


def drawn(rendered: Rendering, before: str = "") -> Table:
    """Return a table whose picked row is bold."""
    table = Table(title=before + rendered.title, title_justify="left", title_style="bold")
    for place, name in enumerate(rendered.columns):
        table.add_column(name, justify="right" if place in rendered.numeric else "left")
    for place, row in enumerate(rendered.rows):
        # What stands under no head is said of the whole row.
        cells = zip(rendered.columns, row, strict=True)
        texts = [text if head or not text else f" <- {text}" for head, text in cells]
        table.add_row(*texts, style="bold" if place == rendered.pick else None)
    return table
