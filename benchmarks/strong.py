"""What the shipped strong encoder is worth: its ceilings against the weak encoders' own errors.

A ceiling error is that of a head on true labels; the best weak encoder is chosen by its own error
on test, which favours it. The 200 descriptors stand beside them.
"""

from __future__ import annotations

import tempfile

from common import Claim, mirror_or_none, report

from w2s_mol import run_study
from w2s_mol.datasets.loading import PAPER_DATASETS
from w2s_mol.encoders.loading import shipped_strong_encoders

_MOST = 0.8


def errors_on_test(strong: str, column: str) -> dict[tuple[str, str], float]:
    """Return the mean over splits of an error on test, by dataset and weak encoder."""
    with tempfile.TemporaryDirectory() as folder:
        study = run_study(dataset="all", strong=strong, output_dir=folder, mirror=mirror_or_none())
    test = study.results[study.results["eval_split"] == "test"]
    errors: dict[tuple[str, str], float] = (
        test.groupby(["dataset", "weak"])[column].mean().to_dict()
    )
    return errors


def main() -> None:
    """Measure and print."""
    [strong] = shipped_strong_encoders()
    ceilings = errors_on_test(strong, "ceiling_error")
    weak = errors_on_test(strong, "weak_error")
    fixed = errors_on_test("rdkit2d", "ceiling_error")
    lines, claims = [], []
    for dataset in PAPER_DATASETS:
        own = {name: error for (where, name), error in weak.items() if where == dataset}
        best = min(own, key=own.__getitem__)
        ceiling = ceilings[dataset, best]
        lines.append(
            f"{dataset}: ceiling {ceiling:.3f}; best weak encoder {best} {own[best]:.3f}; "
            f"rdkit2d's ceiling {fixed[dataset, best]:.3f}"
        )
        claims.append(
            Claim(f"{dataset}, ceiling over best weak", ceiling / own[best], _MOST, False)
        )
    report(f"The strong encoder {strong}, test errors, mean of three splits", lines, claims)


if __name__ == "__main__":
    main()
