"""The tables of what made the runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from w2s_mol.report.blocks import Table
from w2s_mol.runs import FinishedRun
from w2s_mol.selection.rendering import unusual_teaching
from w2s_mol.study.groups import NO_CONTROL, study_groups


def runs_overview(runs: Sequence[FinishedRun]) -> Table:
    """Return one row a run: what it was, of when and of which version."""
    rows = [[run.id, run.kind, *_what(run), *_when(run)] for run in runs]
    columns = ["run", "kind", "what", "null control", "date", "w2s-mol"]
    return Table("The runs", columns, rows, ())


def _when(run: FinishedRun) -> tuple[str, str]:
    """Return the day a run was finished on, and the version that made it."""
    started = [str(session["started"]) for session in run.manifest.get("sessions", [])]
    return max(started, default="")[:10], str(run.manifest.get("w2s_mol", ""))


def _what(run: FinishedRun) -> tuple[str, str]:
    """Return a run in words, and which null control it is."""
    results = run.table("results")
    if run.kind == "synthetic":
        names = _list(dict.fromkeys(results["experiment"]))
        seeds = _list(dict.fromkeys(results["seed"]))
        return f"{names}: heads {results['head'].iloc[0]}, seeds {seeds}", ""
    groups = list(study_groups(results))
    datasets = _list(dict.fromkeys(keys["dataset"] for keys, _, _ in groups))
    controls = _list(dict.fromkeys(c for _, c, _ in groups if c != NO_CONTROL))
    head = f"{groups[0][0]['head']}{unusual_teaching(groups[0][0])}"
    strong = _list(dict.fromkeys(keys["strong"] for keys, _, _ in groups))
    weak = f"{results['weak_sha256'].nunique()} weak of {_list(dict.fromkeys(results['family']))}"
    return f"{datasets}: strong {strong}, {weak}, head {head}", controls


def _list(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))


def run_manifest(run: FinishedRun) -> Table:
    """Return what made a run."""
    manifest = run.manifest
    config = {k: v for k, v in manifest.get("config", {}).items() if v not in ("", [], False)}
    rows = [
        ["folder", str(run.folder)],
        ["made by", f"w2s-mol {manifest.get('w2s_mol')}, Python {manifest.get('python')}"],
        ["packages", ", ".join(f"{k} {v}" for k, v in manifest.get("packages", {}).items())],
        ["machine", f"{manifest.get('platform')}, {manifest.get('cores')} cores"],
        ["device", str(manifest.get("device"))],
        ["seconds", str(manifest.get("seconds", {}).get("total"))],
        ["settings", ", ".join(f"{k} = {v}" for k, v in config.items())],
    ]
    for name, found in manifest.get("datasets", {}).items():
        splits = ", ".join(f"{k} {v[:12]}" for k, v in found["splits"].items())
        rows.append([f"dataset {name}", f"sha256 {found['sha256'][:16]}; splits {splits}"])
    # Up to 0.3 a study had one student.
    students = manifest.get("students") or [manifest["strong"]] if "weak" in manifest else []
    if students:
        said = "; ".join(f"{one['name']}, sha256 {one['sha256'][:16]}" for one in students)
        rows.append(["strong", said])
        weak = ", ".join(f"{w['name']} {w['sha256'][:12]}" for w in manifest["weak"])
        rows.append(["weak", weak])
    for name, notes in manifest.get("notes", {}).items():
        rows.extend([f"note on {name}", note] for note in notes)
    return Table(run.id, ["", ""], rows, ())
