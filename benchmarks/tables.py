"""Reprint the selection tables of ChemBench's datasets; count where gain and theory hold.

Beside them how the selectors rank, with intervals, and how much a pretraining seed matters.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
from common import mirror_or_none

from w2s_mol.encoders.names import shipped_strong_encoders

[_STRONG] = shipped_strong_encoders()
STUDIES = (("computed-logp", _STRONG), ("all", _STRONG), ("all", "rdkit2d"))


def w2s_mol(*arguments: str) -> None:
    """Run the program; what it prints on stdout is printed here."""
    subprocess.run([sys.executable, "-m", "w2s_mol", *arguments], check=True)


def main() -> None:
    mirror = mirror_or_none()
    from_mirror = ["--mirror", mirror] if mirror else []
    for dataset, strong in STUDIES:
        with tempfile.TemporaryDirectory() as folder:
            given = ["--dataset", dataset, "--strong", strong, "-q", "--format", "csv"]
            w2s_mol("run", *given, "-o", folder, *from_mirror)
            w2s_mol("select", folder)
            w2s_mol("statistics", folder, "--what", "ranking")
            results = pd.read_parquet(Path(folder) / "results.parquet")
        test = results[results["eval_split"] == "test"]
        for name, cases in test.groupby("dataset", sort=False):
            print(
                f"{name}: of {len(cases)} cases, gain > 0 in {(cases['gain'] > 0).sum()}, "
                f"slack >= 0 in {(cases['slack'] >= 0).sum()}; correlation of gain and misfit "
                f"{cases['gain'].corr(cases['misfit']):.2f}; ceiling error "
                f"{cases['ceiling_error'].mean():.4f}"
            )
            over_seeds = cases.groupby(["hidden", "split"])["w2s_error"].std(ddof=1)
            over_splits = cases.groupby(["hidden", "seed"])["w2s_error"].std(ddof=1)
            print(
                f"{name}: mean standard deviation of the true error, over pretraining seeds of "
                f"one size on one split {over_seeds.mean():.4f}, over splits of one supervisor "
                f"{over_splits.mean():.4f}"
            )


if __name__ == "__main__":
    main()
