"""The pictures of a set of runs: the paper's figures, selections, learning curves, errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from w2s_mol.errors import InputError
from w2s_mol.figures import panels
from w2s_mol.figures.style import Picture, house_style, new_figure
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.tables import selections
from w2s_mol.statistics.cases import NO_CONTROL, control_of
from w2s_mol.study.results import STUDY_KEYS

SHEET = "gain-misfit"
_PAPERS_DATASETS = {"esol": "2d", "freesolv": "2e", "lipop": "2f"}
_SHEET_ORDER = ("2a", "2b", "2c", "2d", "2e", "2f", "3a", "3b", "3c")


def draw_pictures(
    runs: Sequence[FinishedRun], encoders: Sequence[dict[str, Any]] = ()
) -> list[Picture]:
    """Draw everything that a set of runs has to show.

    Parameters
    ----------
    runs
        Studies and synthetic runs; null controls are left out.
    encoders
        Metadata of pretrained encoders (``w2s_mol.json``), for their learning curves.

    Raises
    ------
    InputError
        If the runs hold nothing that can be drawn.
    """
    studies = [s for run in runs if run.kind == "study" for s in _studies(run)]
    synthetic = [run for run in runs if run.kind == "synthetic"]
    with house_style():
        pictures = [
            *_sheet(studies, synthetic),
            *_single_panels(studies, synthetic),
            *(picture for study in studies for picture in _study_pictures(study)),
            *(picture for run in synthetic for picture in _representation_curves(run)),
            *_encoder_curves(encoders),
        ]
    if not pictures:
        raise InputError("these runs are all null controls: there is no study of its own to draw.")
    return pictures


def _studies(run: FinishedRun) -> Iterator[pd.DataFrame]:
    """Yield the results of each dataset of a run that is no control."""
    for _, rows in run.table("results").groupby(list(STUDY_KEYS), sort=False):
        first = rows.iloc[0]
        if control_of(first["strong"], first["shuffled_labels"], rows["family"]) == NO_CONTROL:
            # Identical splits (BACE, BBBP) lie on each other.
            yield rows.drop_duplicates(["weak_sha256", "split_sha256", "eval_split"])


def _test(study: pd.DataFrame) -> pd.DataFrame:
    return study[study["eval_split"] == "test"]


def _slug(study: pd.DataFrame) -> str:
    first = study.iloc[0]
    strong = Path(str(first["strong"]).replace(":", "-")).name
    parts = [Path(str(first["dataset"])).name, strong]
    parts += [first[name] for name, usual in (("protocol", "paper"), ("head", "ridge"))
              if first[name] != usual]  # fmt: skip
    return "-".join(parts)


def _title(study: pd.DataFrame) -> str:
    first = study.iloc[0]
    return f"{first['strong']} on {first['dataset']}"


def _sheet(studies: list[pd.DataFrame], synthetic: list[FinishedRun]) -> Iterator[Picture]:
    """Draw the paper's figures 2 and 3 on one sheet, with what there is of them."""
    tests: dict[str, tuple[str, pd.DataFrame]] = {}
    for study in studies:
        panel = _PAPERS_DATASETS.get(str(study["dataset"].iloc[0]))
        if panel:
            tests.setdefault(panel, ("molecular", _test(study)))
    for run in synthetic:
        for letter, results in run.table("results").groupby("panel", sort=False):
            tests.setdefault(str(letter), ("synthetic", results))
    if len(tests) < 2:
        return
    shown = [panel for panel in _SHEET_ORDER if panel in tests]
    rows = -(-len(shown) // 3)
    figure, axes = new_figure(rows, 3, (10.5, 3.4 * rows))
    keys: dict[str, Any] = {}
    for place, panel in enumerate(shown):
        kind, table = tests[panel]
        draw = _draw_synthetic if kind == "synthetic" else _draw_molecular
        draw(axes[place], table, f"({panel}) ")
        if kind == "molecular":
            keys.update(zip(*reversed(axes[place].get_legend_handles_labels()), strict=True))
    for unused in axes[len(shown) :]:
        unused.set_visible(False)
    if keys:
        figure.legend(keys.values(), keys.keys(), loc="outside lower center", ncols=5)
    ids = dict.fromkeys(str(rows["study"].iloc[0]) for _, rows in tests.values())
    yield Picture(
        SHEET,
        "Gain against misfit, in the arrangement of the paper's figures 2 and 3. A point is a "
        "finetuning task (synthetic; a colour a seed) or a weak encoder on a split (molecules). "
        "On the solid line gain is misfit, above it Theorem 1's inequality holds; the dashed line "
        "is its mirror image, expected where weak and strong have changed places (3a-c).",
        figure,
        tuple(ids),
    )


def _draw_molecular(axes: Any, test: pd.DataFrame, before: str) -> None:
    panels.molecular_gain_misfit(axes, test, f"{before}{_title(test)}")


def _draw_synthetic(axes: Any, results: pd.DataFrame, before: str) -> None:
    first = results.iloc[0]
    weak, strong = (str(first[name]).replace("h*", "$h^*$") for name in ("weak", "strong"))
    name = str(first["experiment"]).replace("-", " ")
    title = f"{before}{name}\n$h_w$: {weak}, $h_s$: {strong}"
    panels.synthetic_gain_misfit(axes, results, title)


def _single_panels(studies: list[pd.DataFrame], synthetic: list[FinishedRun]) -> Iterator[Picture]:
    for study in studies:
        figure, [axes] = new_figure(size=(5.6, 3.7))
        _draw_molecular(axes, _test(study), "")
        figure.legend(loc="outside right center")
        yield Picture(
            f"{SHEET}-{_slug(study)}",
            f"Gain against misfit, {_title(study)}: a colour a weak encoder, a point a split.",
            figure,
            (str(study["study"].iloc[0]),),
            str(study["dataset"].iloc[0]),
        )
    for run in synthetic:
        results = run.table("results")
        head = "" if results["head"].iloc[0] == "exact" else f"-{results['head'].iloc[0]}"
        for name, rows in results.groupby("experiment", sort=False):
            figure, [axes] = new_figure()
            _draw_synthetic(axes, rows, "")
            axes.legend(loc="best")
            yield Picture(
                f"{SHEET}-synthetic-{name}{head}",
                f"Gain against misfit, synthetic experiment {name} (figure {rows['panel'].iloc[0]} "
                f"of the paper), heads {rows['head'].iloc[0]}: a point a finetuning task.",
                figure,
                (str(rows["study"].iloc[0]),),
            )


def _study_pictures(study: pd.DataFrame) -> Iterator[Picture]:
    ids, dataset = (str(study["study"].iloc[0]),), str(study["dataset"].iloc[0])
    for found in selections(study):
        figure, [axes] = new_figure(size=(5.6, 0.34 * len(found.table) + 1.6))
        panels.selection(axes, found)
        yield Picture(
            f"selection-{_slug(study)}",
            f"The selection, {_title(study)}: what the paper's rule sees of each supervisor beside "
            "the true error of its student. Bars are standard deviations over splits.",
            figure,
            ids,
            dataset,
        )
    test = _test(study)
    if len(set(test["hidden"].dropna())) > 1:
        figure, [axes] = new_figure()
        panels.errors_by_hidden(axes, test, _title(study))
        axes.legend(loc="best")
        yield Picture(
            f"errors-by-hidden-{_slug(study)}",
            f"Errors on test against the weak encoder's hidden size, {_title(study)}. Bands are "
            "standard deviations over splits.",
            figure,
            ids,
            dataset,
        )


def _representation_curves(run: FinishedRun) -> Iterator[Picture]:
    curves = run.table("curves")
    results = run.table("results").drop_duplicates(["experiment", "seed"])
    if curves.empty:
        return
    merged = curves.merge(results[["experiment", "seed", "weak", "strong"]])
    role = merged["weak"].where(merged["role"] == "weak", merged["strong"])
    low = merged["experiment"].map({"low-sample": ", few samples"}).fillna("")
    merged = merged.assign(label=role + low)
    mean = merged.groupby(["label", "epoch"], sort=False)["relative_error"].mean().reset_index()
    figure, [axes] = new_figure()
    mean = mean.rename(columns={"epoch": "x", "relative_error": "value"})
    panels.learning_curves(axes, mean, "squared error / variance of labels", "representations")
    axes.set(yscale="log", xlabel="epoch")
    axes.legend()
    head = run.manifest["config"]["head"]
    yield Picture(
        f"representations-{head}",
        "How the synthetic representations trained on their pretraining tasks (mean over seeds).",
        figure,
        (str(run.manifest["study"]),),
    )


def _encoder_curves(encoders: Sequence[dict[str, Any]]) -> Iterator[Picture]:
    rows = [
        {
            "label": f"hidden {made['hidden']}, seed {made['seed']}",
            "x": entry["step"] * made["batch_size"] / 1000,
            "value": entry["valid_loss"],
        }
        for made in sorted(encoders, key=lambda made: (made["hidden"], made["seed"]))
        for entry in made["history"]
        if "valid_loss" in entry
    ]
    if not rows:
        return
    figure, [axes] = new_figure(size=(5.6, 3.7))
    panels.learning_curves(axes, pd.DataFrame(rows), "validation loss", "weak encoders")
    axes.set_xlabel("thousand molecules seen")
    figure.legend(loc="outside right center")
    yield Picture(
        "learning-curves",
        "Pretraining of the weak encoders: loss on validation molecules (masked tokens + "
        "descriptors) against molecules seen.",
        figure,
        (),
    )
