"""When does weak supervision pay on real molecules? The study of docs/when-it-pays.md.

python benchmarks/when_it_pays.py FOLDER [--quick] [--docs DOCS]

33 datasets (ESOL, FreeSolv, Lipop, MoleculeACE's thirty), label budgets 50, 100, 200, 400 and all,
ten draws each, the 24 shipped supervisors, three students (an encoder, descriptors, both side by
side) on the supervisors' own molecules; combinations of supervisors, other heads, computed
properties. The runs go to FOLDER and are not repeated; tables are printed, the picture and
`when-it-pays.json` go to DOCS. ``--quick`` takes two datasets and two draws.

Intervals are over datasets (Student's t of their means, 95 %): MoleculeACE's sets are the sample.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from common import MIRROR, report
from scipy import stats
from when_it_pays_picture import draw_picture, half_width

from w2s_mol import run_study
from w2s_mol.advice.choice import Choice
from w2s_mol.advice.report import advise
from w2s_mol.runs import find_runs

PHYSICAL = ("esol", "freesolv", "lipop")
LABELS = ("50", "100", "200", "400", "all")
BESIDE = "concat:strong-h256-l6-s0+rdkit2d"
STRONG = ("strong-h256-l6-s0", "rdkit2d", BESIDE)
USES = ("weak", "w2s", "delta", "stack", "both", "direct")
CASE = ["strong", "dataset", "labels", "split"]
COMBINED = ("mean:h96", "concat:h96", "mean:shipped", "chain:all-s0")
TOP = ("top:1", "top:3")
HEADS = ("ridge", "ols")
OUTSIDE = {
    "lipop": ("property:MolLogP", "property:TPSA"),
    "esol": ("property:MolLogP", "property:TPSA"),
    "freesolv": ("property:TPSA", "property:MolLogP"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--docs", type=Path)
    asked = parser.parse_args()
    os.environ.setdefault("W2S_MOL_MIRROR", MIRROR)
    started = time.monotonic()
    rows = results(asked.folder, quick=asked.quick)
    seconds = time.monotonic() - started
    cases = of_draws(rows)
    found = {strong: summary(cases[cases["strong"] == strong]) for strong in STRONG}
    few = of_draws(few_to_choose_on(asked.folder, quick=asked.quick))
    found[f"{STRONG[0]}, few validation labels"] = summary(few)
    found["combined supervisors"] = combined(asked.folder, quick=asked.quick)
    found["other heads"] = other_heads(asked.folder, quick=asked.quick)
    outside = outside_knowledge(asked.folder, quick=asked.quick)
    for strong, tables in found.items():
        for name, table in tables.items():
            print(f"\n### {strong}: {name}\n\n{markdown(table)}")
    print(f"\n### Outside knowledge\n\n{markdown(outside.set_index('dataset'))}")
    took = f"{len(rows):,} rows of test and validation, {seconds / 60:.1f} minutes"
    report("When it pays, from stored vectors", [took], [])
    if asked.docs:
        write(asked.docs, found, outside)
        draw_picture(asked.docs / "when-it-pays.png", potencies(cases), potencies(few))


def markdown(table: pd.DataFrame) -> str:
    rows = [["", *map(str, table.columns)], ["---", *("---:" for _ in table.columns)]]
    rows += [
        [str(name), *map(str, row)] for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def results(folder: Path, *, quick: bool) -> pd.DataFrame:
    """Run what is not run yet, and return the results on validation and test."""
    sets = {"physical": list(PHYSICAL), "moleculeace": ["moleculeace:all"]}
    if quick:
        sets = {"physical": ["freesolv"], "moleculeace": ["moleculeace:CHEMBL1862_Ki"]}
    found = []
    for name, datasets in sets.items():
        one_validation = {} if name == "physical" else {"split_seeds": 0}
        run = run_study(
            dataset=datasets,
            strong=STRONG,
            labels=LABELS,
            label_seeds=range_of(2 if quick else 10),
            on_invalid="skip",
            keep="results",
            output_dir=folder / f"{name}{'-quick' if quick else ''}",
            **one_validation,
        )
        table = run.results
        found.append(table[table["eval_split"].isin(["valid", "test"])])
    return pd.concat(found, ignore_index=True)


def few_to_choose_on(folder: Path, *, quick: bool) -> pd.DataFrame:
    """Return the results where the validation labels are as few: an eighth of those learnt from."""
    run = run_study(
        dataset="moleculeace:CHEMBL1862_Ki" if quick else "moleculeace:all",
        strong=STRONG[0],
        labels=LABELS[:-1],
        label_seeds=range_of(2 if quick else 5),
        valid_labels="share",
        split_seeds=0,
        on_invalid="skip",
        keep="results",
        output_dir=folder / f"share{'-quick' if quick else ''}",
    )
    return run.results[run.results["eval_split"].isin(["valid", "test"])]


def range_of(count: int) -> list[int]:
    return list(range(count))


def of_draws(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each draw shows: one row a strong encoder, dataset, number of labels and draw."""
    found = []
    for case, draw in rows.groupby(CASE, sort=False):
        seen = draw[draw["eval_split"] == "valid"].set_index("weak_sha256")
        test = draw[draw["eval_split"] == "test"].set_index("weak_sha256").loc[seen.index]
        found.append({**dict(zip(CASE, case, strict=True)), **of_draw(seen, test)})
    return pd.DataFrame(found)


def of_draw(seen: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    truth, direct = test["w2s_error"], test["direct_error"].mean()
    picked, by_weak = seen["bound"].idxmin(), seen["weak_error"].idxmin()
    uses = [f"{use}_error" for use in USES if use != "direct"]
    advised = seen[uses].min().idxmin()
    supervisor = seen[advised].idxmin()
    no_use = seen[advised].min() >= seen["direct_error"].mean()
    return {
        "correlation": pearson(test["gain"], test["misfit"]),
        "slope": slope(test["misfit"], test["gain"]),
        "gain_share": test["gain"].mean() / test["weak_error"].mean(),
        "positive": float((test["gain"] > 0).mean()),
        "rule": spearman(seen["bound"], truth),
        "smallest": spearman(seen["weak_error"], truth),
        "rule_on_test": spearman(test["bound"], truth),
        "smallest_on_test": spearman(test["weak_error"], truth),
        "rule_unlabelled": spearman(seen["bound_unlabelled"], truth),
        "regret": (truth[picked] - truth.min()) / truth.min(),
        "smallest_regret": (truth[by_weak] - truth.min()) / truth.min(),
        "misfit_regret": (truth[seen["misfit"].idxmin()] - truth.min()) / truth.min(),
        "random_regret": (truth.mean() - truth.min()) / truth.min(),
        **{use: test[f"{use}_error"].mean() / direct for use in USES},
        "picked": truth[picked] / direct,
        "advised": test[advised][supervisor] / direct,
        "or_direct": 1.0 if no_use else test[advised][supervisor] / direct,
        "mean": test["mean_error"].mean() / direct,
    }


def potencies(cases: pd.DataFrame) -> pd.DataFrame:
    return cases[~cases["dataset"].isin(PHYSICAL)]


def pearson(x: pd.Series, y: pd.Series) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else float("nan")


def slope(x: pd.Series, y: pd.Series) -> float:
    return float(np.polyfit(x, y, 1)[0]) if x.std() > 0 else float("nan")


def spearman(x: pd.Series, y: pd.Series) -> float:
    return float(stats.spearmanr(x, y).statistic) if np.ptp(x) > 0 else float("nan")


def summary(cases: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables of one strong encoder, a column a number of labels."""
    of_sets = cases.groupby(["dataset", "labels"])[[c for c in cases if c not in CASE]].mean()
    of_sets = of_sets.reset_index()
    of_potencies = potencies(of_sets)
    return {
        "gain and misfit, the thirty potencies": columns(of_potencies, {
            "correlation of gain and misfit": "correlation", "slope": "slope",
            "gain / weak error": "gain_share", "share of students that gain": "positive",
        }),
        "ranking, the thirty potencies, rule measured on validation": columns(of_potencies, {
            "weak error - misfit": "rule", "smallest weak error": "smallest",
            "difference": ("rule", "smallest"),
            "with the misfit on unlabelled molecules": "rule_unlabelled",
            "difference from the smallest weak error": ("rule_unlabelled", "smallest"),
            "regret of the rule": "regret", "regret of the weak error": "smallest_regret",
            "regret of the smallest misfit": "misfit_regret",
            "regret of a random pick": "random_regret",
        }),
        "ranking, the thirty potencies, both on test (the paper's way)": columns(of_potencies, {
            "weak error - misfit": "rule_on_test", "smallest weak error": "smallest_on_test",
            "difference": ("rule_on_test", "smallest_on_test"),
        }),
        "errors / direct, the thirty potencies": columns(of_potencies, uses_shown()),
        "in how many of the thirty below direct": columns(
            of_potencies, uses_shown(), lambda v: f"{int((v < 1).sum())} of {len(v)}"
        ),
        **{f"{name}": columns(of_sets[of_sets["dataset"] == name], {
            "correlation of gain and misfit": "correlation", "slope": "slope",
            "rank of weak error - misfit": "rule", "rank of the smallest weak error": "smallest",
            **{f"{words} / direct": column for words, column in uses_shown().items()},
        }, lambda v: f"{v.mean():.2f}") for name in PHYSICAL if name in set(of_sets["dataset"])},
    }  # fmt: skip


def uses_shown() -> dict[str, Any]:
    return {
        "supervisor": "weak", "student": "w2s", "student of the picked": "picked", "delta": "delta",
        "stack": "stack", "both": "both", "advised supervisor and use": "advised",
        "advised, or direct": "or_direct",
    }  # fmt: skip


def columns(of_sets: pd.DataFrame, shown: dict[str, Any], form: Any = None) -> pd.DataFrame:
    """Return a row for each quantity and a column for each number of labels."""
    form = form or with_interval
    rows = {}
    for words, what in shown.items():
        rows[words] = {
            labels: form(values(of_sets[of_sets["labels"] == labels], what).dropna())
            for labels in LABELS
            if (of_sets["labels"] == labels).any()
        }
        if not any(rows[words].values()):
            del rows[words]
    return pd.DataFrame(rows).T


def values(rows: pd.DataFrame, what: str | tuple[str, str]) -> pd.Series:
    return rows[what] if isinstance(what, str) else rows[what[0]] - rows[what[1]]


def with_interval(of_sets: pd.Series) -> str:
    if len(of_sets) < 2:
        return f"{of_sets.mean():.2f}" if len(of_sets) else ""
    return f"{of_sets.mean():.2f} ± {half_width(of_sets):.2f}"


def combined(folder: Path, *, quick: bool) -> dict[str, pd.DataFrame]:
    """Return errors of combinations of supervisors and of their students, beside direct's."""
    sets = ["freesolv", "moleculeace:CHEMBL1862_Ki"] if quick else [*PHYSICAL, "moleculeace:all"]
    # What is taken is of the 24 alone: combinations are a study of their own.
    runs = [
        run_study(
            dataset=sets,
            weak=("shipped", *others),
            strong=STRONG[0],
            labels=("100", "all"),
            label_seeds=range_of(2 if quick else 3),
            split_seeds=0,
            on_invalid="skip",
            keep="results",
            output_dir=folder / f"{name}{'-quick' if quick else ''}",
        )
        for name, others in (("combined", COMBINED), ("top", TOP))
    ]
    top = runs[1].results
    rows = pd.concat([runs[0].results, top[top["weak"].isin(TOP)]], ignore_index=True)
    found = {}
    for labels in ("100", "all"):
        here = rows[rows["labels"] == labels]
        test = here[here["eval_split"] == "test"].set_index(["dataset", "split", "weak"])
        valid = here[here["eval_split"] == "valid"].set_index(["dataset", "split", "weak"])
        singles = test[test["family"] == "shipped"]
        picks = valid.loc[singles.index].groupby(["dataset", "split"])["bound"].idxmin()
        kinds = {
            "the 24, on average": singles,
            "the 24, picked by the rule": test.loc[list(picks)],
            **{name: test.xs(name, level="weak", drop_level=False) for name in (*COMBINED, *TOP)},
        }
        found[f"{labels} labels, errors / direct"] = pd.DataFrame(
            {words: beside_direct(kind) for words, kind in kinds.items()}
        ).T
    return found


def beside_direct(rows: pd.DataFrame) -> dict[str, str]:
    """Return errors over direct's of supervisor, student and stack: potencies, then the others."""
    names = {"supervisor": "weak", "student": "w2s", "stack": "stack"}
    ratios = pd.DataFrame(
        {words: rows[f"{use}_error"] / rows["direct_error"] for words, use in names.items()}
    )
    of_sets = ratios.groupby("dataset").mean()
    physical = of_sets.index.isin(PHYSICAL)
    return {
        **{words: with_interval(of_sets[words][~physical]) for words in names},
        **{f"{words}, physical": f"{of_sets[words][physical].mean():.2f}" for words in names},
    }


def other_heads(folder: Path, *, quick: bool) -> dict[str, pd.DataFrame]:
    """Return what other rules for heads make of the same supervisors on the physical sets."""
    found = {}
    for head in HEADS:
        run = run_study(
            dataset="freesolv" if quick else PHYSICAL,
            strong=STRONG[0],
            labels=("100", "all"),
            label_seeds=range_of(2),
            head=head,
            keep="results",
            output_dir=folder / f"head-{head}{'-quick' if quick else ''}",
        )
        rows = run.results[run.results["eval_split"].isin(["valid", "test"])]
        cases = of_draws(rows).groupby(["dataset", "labels"])
        for (dataset, labels), draws in cases:
            means = draws[[c for c in draws if c not in CASE]].mean()
            found[f"{dataset}, {labels} labels, {head}"] = {
                words: f"{means[column]:.2f}"
                for words, column in {
                    "correlation of gain and misfit": "correlation",
                    "students that gain": "positive", "rank of weak error - misfit": "rule",
                    "of the smallest weak error": "smallest", "supervisor / direct": "weak",
                    "student / direct": "w2s", "delta / direct": "delta",
                    "stack / direct": "stack",
                }.items()
            }  # fmt: skip
    return {"the physical sets": pd.DataFrame(found).T.sort_index()}


def outside_knowledge(folder: Path, *, quick: bool) -> pd.DataFrame:
    """Return what computed properties are worth as supervisors, in true labels."""
    found = []
    for dataset, properties in OUTSIDE.items():
        if quick and dataset != "freesolv":
            continue
        for weak in properties:
            output = folder / f"outside-{dataset}-{weak.split(':')[1]}{'-quick' if quick else ''}"
            run_study(
                dataset=dataset,
                weak=weak,
                strong=STRONG[0],
                labels=("20", *LABELS),
                label_seeds=range_of(2 if quick else 10),
                student_on="all",
                output_dir=output,
            )
            [advice] = advise(find_runs([output]))
            found += [{"dataset": dataset, "source": weak, **said(one)} for one in advice.choices]
    return pd.DataFrame(found)


def said(choice: Choice) -> dict[str, Any]:
    return {
        "labels": choice.errors.keys["labels"],
        **{use: f"{float(choice.errors.test[use].mean()):.3f}" for use in USES},
        "use": "no supervisor" if choice.direct_is_better else choice.use,
        "worth": of_worth(choice.worth),
    }


def of_worth(worth: Any) -> str:
    if worth is None:
        return ""
    ends = [f"{n:.0f}" if np.isfinite(n) else f">{worth.most:.0f}"
            for n in (worth.labels, worth.low, worth.high)]  # fmt: skip
    return f"{ends[0]} [{ends[1]}, {ends[2]}]"


def write(docs: Path, found: dict[str, dict[str, pd.DataFrame]], outside: pd.DataFrame) -> None:
    """Write the tables as JSON; the page has them as printed."""
    docs.mkdir(parents=True, exist_ok=True)
    tables = {s: {n: t.to_dict() for n, t in each.items()} for s, each in found.items()}
    both = {"tables": tables, "outside": outside.to_dict(orient="records")}
    (docs / "when-it-pays.json").write_text(json.dumps(both, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
