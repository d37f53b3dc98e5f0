"""``w2s-mol diagnose``: what can be said of weak and strong encoders without labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked, Shown, together
from w2s_mol.diagnostics.config import DiagnosticsConfig
from w2s_mol.errors import InputError, unknown_name
from w2s_mol.option import Option

if TYPE_CHECKING:
    import pandas as pd

    from w2s_mol.diagnostics.agreement import Agreement
    from w2s_mol.diagnostics.pairs import Compared

app = new_app()
_ROWS = 15
"""Of pairs, unless told otherwise."""
_GOES = ("family", "d_s", "d_w", "hidden", "w2s_error")
_AGREEMENT = "scores and the true error on test"


@app.command()
def diagnose(
    settings: DiagnosticsConfig,
    run: Annotated[
        Path | None,
        Option(
            "A finished run of these pairs: says how the scores go with its true errors.",
            metavar="RUN",
            completes="runs",
        ),
    ] = None,
    heat_map: Annotated[
        Path | None,
        Option(
            "Draw one pair's student error over both ridge penalties; .png, .svg or .pdf.",
            metavar="FILE",
        ),
    ] = None,
    split_name: Annotated[
        str | None, Option("The split of the heat map. Default: the first.", metavar="NAME")
    ] = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    form: options.Format = "table",
    columns: options.Columns = None,
    top: options.Top = None,
) -> None:
    """Compare weak and strong encoders without labels: norm, dimensions, CKA.

    norm is ||P_s (I - P_w)|| of Xue et al. 2025, near 0 if the weak one learns what the strong one
    can; d_w, d_s, d_sw are the intrinsic dimensions of Dong et al. 2025 and what they share; cka
    is linear CKA. These are diagnostics, not rules: see what --run says of them.

    Example: w2s-mol diagnose --dataset lipop --strong strong-h256-l6-s0 --run runs/lipop
    """
    from w2s_mol.diagnostics.formats import as_json
    from w2s_mol.diagnostics.pairs import pair_table, prepared
    from w2s_mol.embeddings.finding import Finder
    from w2s_mol.items.registry import items_of

    _check_picture(heat_map, split_name)
    items = items_of(settings.text_column, settings.max_atoms)
    found = options.given_runs([run]) if run else []
    with output.progress_bars() as progress:
        access = (items, mirror, offline, progress)
        finder = Finder(settings.pooling, device, *access)
        compared = prepared(settings, finder, one_pair=heat_map is not None)
        pairs = pair_table(compared, settings.ridge, settings.tolerance)
    for text in (*compared.molecules.kept.notes, compared.molecules.note):
        if text:
            output.note(f"note: {text}.")
    agreements: list[Agreement] = []
    if found:
        from w2s_mol.diagnostics.agreement import agreement, studies_with, with_errors
        from w2s_mol.selection.tables import studies_of

        sha256 = compared.molecules.kept.sha256
        studies = studies_with(pairs, studies_of(found), sha256, settings.pooling)
        pairs = with_errors(pairs, studies)
        agreements = [agreement(pairs, study) for study in studies]
    if heat_map:
        _draw(compared, heat_map, split_name)
    if form == "json":
        output.result(as_json(settings, compared, pairs, agreements))
    else:
        title = (
            f"{compared.molecules.kept.name}: {len(compared.rows):,} {items.name}, no label used; "
            f"ridge {settings.ridge:g}, tolerance {settings.tolerance:g} of the variance"
        )
        _print(pairs, title, agreements, form, Asked(columns, top))


def _check_picture(path: Path | None, split_name: str | None) -> None:
    """Raise InputError before anything is computed."""
    if path is None:
        if split_name is not None:
            raise InputError("--split-name is of a heat map. Pass --heat-map FILE.png as well.")
        return
    from w2s_mol.figures.style import FORMATS

    if path.suffix[1:] not in FORMATS:
        raise unknown_name("kind of picture", path.suffix[1:], FORMATS)


def _print(
    pairs: pd.DataFrame, title: str, agreements: list[Agreement], form: str, asked: Asked
) -> None:
    from w2s_mol.diagnostics.formats import rows_of, shown

    table = shown(pairs)
    if form != "table":
        output.print_rows(list(table.columns), rows_of(table), form)
        for one in agreements:
            output.note(f"{one.title}: {one.said()}")
        return
    if len(set(table["family"])) == 1:
        table = table.drop(columns="family")
    rest = ", --format csv" if len(table) > _ROWS else ""
    first = output.shown(list(map(str, table.columns)), rows_of(table), title, _GOES)
    blocks: list[Shown | str] = [replace(first, most=_ROWS, rest=rest)]
    for one in agreements:
        heads = ("score", "Spearman", "Kendall within one size")
        of_scores = output.shown(heads, rows_of(one.table), f"\n{one.title}: {_AGREEMENT}")
        blocks += [of_scores, one.said()]
    output.result(together(blocks, asked))


def _draw(compared: Compared, path: Path, split_name: str | None) -> None:
    from w2s_mol.diagnostics.penalties import penalty_map, split_of
    from w2s_mol.figures.penalties import penalty_picture
    from w2s_mol.figures.style import save
    from w2s_mol.tasks.registry import REGRESSION

    [supervisor], [student] = compared.supervisors, compared.students
    weak, strong = compared.features(supervisor), compared.features(student)
    dataset, everything = compared.molecules.kept, compared.molecules.everything
    split = split_of(dataset, split_name, compared.rows)
    found = penalty_map(weak, strong, everything.labels, split)
    for what, place in (("chosen", found.chosen), ("oracle", found.oracle)):
        w, s, error = found.at(place)
        output.note(f"{what}: weak penalty {w:.3g}, strong penalty {s:.3g}, test error {error:.4g}")
    title = f"{supervisor.name} to {student.name}, {dataset.name} split {split.name}"
    picture = penalty_picture(found, path.stem, title, REGRESSION, dataset.unit)
    for written in save(picture, path.parent, [path.suffix[1:]]):
        output.note(f"written to {written}")
