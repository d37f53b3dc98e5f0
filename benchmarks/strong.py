"""What the shipped strong encoder is worth: its ceilings against the weak encoders' own errors.

A ceiling error is that of a head on true labels; the best weak encoder is chosen by its own error
on test, which favours it. The 200 descriptors stand beside them.
"""

from __future__ import annotations

import tempfile

import pandas as pd
from common import Claim, mirror_or_none, report

from w2s_mol import run_study
from w2s_mol.datasets.named import PAPER_DATASETS
from w2s_mol.encoders.names import shipped_strong_encoders

_MOST = 0.8


def errors_on_test(strong: str) -> pd.DataFrame:
    """Return the mean errors on test over splits, by dataset and weak encoder."""
    with tempfile.TemporaryDirectory() as folder:
        study = run_study(dataset="all", strong=strong, output_dir=folder, mirror=mirror_or_none())
    test = study.results[study.results["eval_split"] == "test"]
    return test.groupby(["dataset", "weak"])[["weak_error", "ceiling_error"]].mean()


def main() -> None:
    """Measure and print."""
    [strong] = shipped_strong_encoders()
    errors, fixed = errors_on_test(strong), errors_on_test("rdkit2d")
    lines, claims = [], []
    for dataset in PAPER_DATASETS:
        best = errors.loc[dataset, "weak_error"].idxmin()
        weak, ceiling = errors.loc[(dataset, best)]
        lines.append(
            f"{dataset}: ceiling {ceiling:.3f}; best weak encoder {best} {weak:.3f}; "
            f"rdkit2d's ceiling {fixed.loc[(dataset, best), 'ceiling_error']:.3f}"
        )
        claims.append(Claim(f"{dataset}, ceiling over best weak", ceiling / weak, _MOST, False))
    report(f"The strong encoder {strong}, test errors, mean of three splits", lines, claims)


if __name__ == "__main__":
    main()
