"""The pictures of a set of runs: the paper's figures, selections, learning curves, errors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from w2s_mol.errors import InputError
from w2s_mol.figures import panels
from w2s_mol.figures.budgets import budget_pictures
from w2s_mol.figures.panels import Slope
from w2s_mol.figures.style import Picture, house_style, new_figure, plain, slug_of
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import number_of_labels, unusual_teaching
from w2s_mol.selection.tables import StudySelection, selections
from w2s_mol.study.config import ALL
from w2s_mol.study.groups import NO_CONTROL, key_of, study_groups

SHEET = "gain-misfit"
_PAPERS_DATASETS = {"esol": "2d", "freesolv": "2e", "lipop": "2f"}
_OF_SLOPE = (
    " The blue line through the mean has the slope of gain on misfit, freed of the test molecules' "
    "noise; its shade is the 95 % interval, where one holds."
)
_SHEET_ORDER = ("2a", "2b", "2c", "2d", "2e", "2f", "3a", "3b", "3c")


def draw_pictures(
    runs: Sequence[FinishedRun], slopes: Mapping[tuple[str, ...], Slope] | None = None
) -> list[Picture]:
    """Draw everything that a set of runs has to show.

    Parameters
    ----------
    runs
        Studies and synthetic runs; null controls are left out.
    slopes
        Lines to be drawn in the pictures of studies, by ``study_key``.

    Returns
    -------
    list of Picture
        No two of one name: where two runs would share one, their ids are added.

    Raises
    ------
    InputError
        If the runs hold nothing that can be drawn.
    """
    studies = [study for run in runs if run.kind == "study" for study in _studies(run)]
    synthetic = [run for run in runs if run.kind == "synthetic"]
    with house_style():
        pictures = [
            *_sheet(studies, synthetic),
            *_single_panels(studies, synthetic, slopes or {}),
            *(picture for study in studies for picture in _study_pictures(study)),
            *budget_pictures(runs),
            *(picture for run in synthetic for picture in _representation_curves(run)),
            *_encoder_curves(studies, runs),
        ]
    if not pictures:
        raise InputError("these runs are all null controls: there is no study of its own to draw.")
    times = Counter(picture.name for picture in pictures)
    return [
        replace(picture, name=f"{picture.name}-{picture.runs[0][:8]}")
        if times[picture.name] > 1
        else picture
        for picture in pictures
    ]


def study_key(study: str, keys: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells a study from all others, also of its own run."""
    return (study, *key_of(keys))


@dataclass(frozen=True)
class _Study:
    """The results of one study on one dataset, of a run that is no control."""

    key: tuple[str, ...]
    rows: pd.DataFrame
    is_papers: bool
    selection: StudySelection

    def first(self, column: str) -> str:
        return str(self.rows[column].iloc[0])

    @property
    def test(self) -> pd.DataFrame:
        """The rows on test of the supervisors that can be drawn."""
        finite = self.rows["weak_sha256"].isin(self.selection.finite["weak_sha256"])
        test = self.rows[finite & (self.rows["eval_split"] == "test")]
        return test.replace([math.inf, -math.inf], math.nan)

    @property
    def slug(self) -> str:
        strong = Path(self.first("strong").replace(":", "-")).name
        usual = {"protocol": "paper", "head": "ridge", "pooling": "mean+pooled"}
        unusual = [self.first(name) for name in usual if self.first(name) != usual[name]]
        if self.first("labels") != ALL:
            unusual.append(f"{self.first('labels')}-labels")
        if taught := unusual_teaching({"teaching": self.first("teaching")}):
            unusual.append(taught.removeprefix(", "))
        name = "-".join([self.first("dataset"), strong, *unusual])
        return slug_of(name)

    @property
    def title(self) -> str:
        keys = {"labels": self.first("labels"), "teaching": self.first("teaching")}
        how = f"{number_of_labels(keys)}{unusual_teaching(keys)}"
        return f"{self.first('strong')} on {self.first('dataset')}{how}"

    def picture(self, beginning: str, caption: str, figure: Figure) -> Picture:
        """Name a figure of this study alone."""
        name = f"{beginning}-{self.slug}"
        return Picture(name, caption, figure, (self.first("study"),), self.key)


def _studies(run: FinishedRun) -> Iterator[_Study]:
    named = run.manifest.get("config", {}).get("dataset", [])
    for keys, control, rows in study_groups(run.table("results")):
        if control == NO_CONTROL:
            # Identical splits (BACE, BBBP) lie on each other.
            distinct = rows.drop_duplicates(["weak_sha256", "split_sha256", "eval_split"])
            [found] = selections(distinct)
            key = study_key(str(rows["study"].iloc[0]), keys)
            yield _Study(key, distinct, is_papers_dataset(str(keys["dataset"]), named), found)


def is_papers_dataset(name: str, named: Sequence[str]) -> bool:
    """Say whether a dataset is one of the paper's three, not a file of the user's called so."""
    return name in _PAPERS_DATASETS and (name in named or "all" in named)


def _sheet(studies: list[_Study], synthetic: list[FinishedRun]) -> Iterator[Picture]:
    """Draw the paper's figures 2 and 3 on one sheet, with what there is of them."""
    molecular: dict[str, _Study] = {}
    for study in studies:
        if study.is_papers:
            molecular.setdefault(_PAPERS_DATASETS[study.first("dataset")], study)
    tasks: dict[str, pd.DataFrame] = {}
    # The paper's figures have convex heads; the mlp heads are its appendix.
    for run in sorted(synthetic, key=lambda run: run.table("results")["head"].eq("mlp").any()):
        for letter, results in run.table("results").groupby("panel", sort=False):
            tasks.setdefault(str(letter), results)
    shown = [panel for panel in _SHEET_ORDER if panel in molecular or panel in tasks]
    if len(shown) < 2:
        return
    rows = -(-len(shown) // 3)
    figure, axes = new_figure(rows, 3, (10.5, 3.4 * rows))
    keys: dict[str, Any] = {}
    for place, panel in enumerate(shown):
        if panel in molecular:
            _draw_molecular(axes[place], molecular[panel], f"({panel}) ")
        else:
            _draw_synthetic(axes[place], tasks[panel], f"({panel}) ")
        handles, labels = axes[place].get_legend_handles_labels()
        keys.update(zip(labels, handles, strict=True))
    for unused in axes[len(shown) :]:
        unused.set_visible(False)
    last = sorted(keys, key=lambda label: label.startswith("gain"))  # points first, then lines
    figure.legend([keys[label] for label in last], last, loc="outside lower center", ncols=5)
    ids = [study.first("study") for study in molecular.values()]
    ids += [str(results["study"].iloc[0]) for results in tasks.values()]
    others = len(studies) - len(molecular)
    more = f" {others} more studies have figures of their own." if others else ""
    yield Picture(
        SHEET,
        "Gain against misfit, in the arrangement of the paper's figures 2 and 3. A point is a "
        "finetuning task of a seed (synthetic) or a weak encoder, the mean of its faint splits "
        "(molecules), pretraining seeds joined. On the "
        "solid line gain is misfit, above it Theorem 1's inequality holds; the dashed line is its "
        f"mirror image, expected where weak and strong have changed places (3a-c).{more}",
        figure,
        tuple(dict.fromkeys(ids)),
    )


def _draw_molecular(axes: Any, study: _Study, before: str, slope: Slope | None = None) -> None:
    panels.molecular_gain_misfit(axes, study.test, plain(f"{before}{study.title}"), slope)


def _draw_synthetic(axes: Any, results: pd.DataFrame, before: str) -> None:
    first = results.iloc[0]
    weak, strong = (str(first[name]).replace("h*", "$h^*$") for name in ("weak", "strong"))
    head = "" if first["head"] == "exact" else f", {first['head']} heads"
    name = str(first["experiment"]).replace("-", " ")
    title = f"{before}{name}{head}\n$h_w$: {weak}, $h_s$: {strong}"
    panels.synthetic_gain_misfit(axes, results, title)


def _single_panels(
    studies: list[_Study],
    synthetic: list[FinishedRun],
    slopes: Mapping[tuple[str, ...], Slope],
) -> Iterator[Picture]:
    for study in studies:
        figure, [axes] = new_figure(size=(5.6, 3.7))
        slope = slopes.get(study.key)
        _draw_molecular(axes, study, "", slope)
        figure.legend(loc="outside right center")
        fitted = "" if slope is None else _OF_SLOPE
        yield study.picture(
            SHEET,
            f"Gain against misfit, {study.title}: a point a weak encoder, the mean of its faint "
            "ones, which are splits; a colour a hidden size where there is one, its pretraining "
            f"seeds joined.{fitted}",
            figure,
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


def _study_pictures(study: _Study) -> Iterator[Picture]:
    found = study.selection
    rows = min(len(found.table), panels.MOST_ROWS)
    figure, [axes] = new_figure(size=(9.6, 0.34 * rows + 1.6))
    errors = study.test.groupby("weak_sha256")[["weak_error", "ceiling_error"]].mean()
    folded = panels.selection(axes, found, errors)
    figure.legend(loc="outside upper left", ncols=4)
    rest = f" The {folded} that share the last row have theirs in the table." if folded else ""
    yield study.picture(
        "selection",
        f"The selection, {study.title}: what the paper's rule sees of each supervisor beside the "
        "true error of its student, its own error and the ceiling. Bars are standard deviations "
        f"over splits.{rest}",
        figure,
    )
    if len(set(study.test["hidden"].dropna())) > 1:
        figure, [axes] = new_figure()
        panels.errors_by_hidden(axes, study.test, plain(study.title))
        axes.legend(loc="best")
        yield study.picture(
            "errors-by-hidden",
            f"Errors on test against the weak encoder's hidden size, {study.title}. Bands are "
            "standard deviations over splits (and pretraining seeds, where there are several).",
            figure,
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
    head = results["head"].iloc[0]
    yield Picture(
        f"representations-{head}",
        "How the synthetic representations trained on their pretraining tasks (mean over seeds).",
        figure,
        (run.id,),
    )


def _encoder_curves(studies: list[_Study], runs: Sequence[FinishedRun]) -> Iterator[Picture]:
    """Draw how the weak encoders of the studies were pretrained, as far as their folders say it."""
    used = {
        sha256: family
        for study in studies
        for sha256, family in zip(study.rows["weak_sha256"], study.rows["family"], strict=True)
    }
    pretraining = {
        weak["sha256"]: weak.get("pretraining", {})
        for run in runs
        for weak in run.manifest.get("weak", [])
    }
    rows = [
        {
            "family": family,
            "hidden": made["hidden"],
            "x": entry["step"] * made["batch_size"] / 1000,
            "value": entry["valid_loss"],
        }
        for sha256, family in used.items()
        for made in [pretraining.get(sha256, {})]
        for entry in made.get("history", [])
        if "valid_loss" in entry
    ]
    if not rows:
        return
    curves = pd.DataFrame(rows).groupby(["family", "hidden", "x"]).mean().reset_index()
    label = "hidden " + curves["hidden"].astype(str)
    several = len(set(curves["family"])) > 1
    curves["label"] = curves["family"] + ", " + label if several else label
    figure, [axes] = new_figure(size=(5.6, 3.7))
    panels.learning_curves(axes, curves, "validation loss", "weak encoders, mean over seeds")
    axes.set_xlabel("thousand molecules seen")
    figure.legend(loc="outside right center")
    yield Picture(
        "learning-curves",
        "Pretraining of the weak encoders that these runs used: loss on validation "
        "molecules (masked tokens + descriptors) against molecules seen, mean over pretraining "
        "seeds.",
        figure,
        tuple(dict.fromkeys(study.first("study") for study in studies)),
    )
