"""Do the shipped studies give the numbers of another revision? Both are run, one after another.

python benchmarks/same_numbers.py REVISION

Runs ESOL, FreeSolv and Lipop with rdkit2d and with the shipped strong encoder under both, each in
an empty W2S_MOL_HOME and on one thread, and prints the largest difference of any quantity. Exits
with 1 where it exceeds 1e-9. Needs W2S_MOL_MIRROR, or the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
KEYS = ["dataset", "split", "weak", "eval_split"]
STRONG = ("rdkit2d", "strong-h256-l6-s0")
MOST = 1e-9


def study(source: Path, strong: str, home: Path) -> pd.DataFrame:
    folder = home / "runs" / strong
    subprocess.run(
        [
            *(sys.executable, "-m", "w2s_mol", "run", "--quiet", "--dataset", "all"),
            *("--strong", strong, "--output-dir", str(folder)),
        ],
        cwd=home,
        env={
            **os.environ,
            "PYTHONPATH": str(source),
            "W2S_MOL_HOME": str(home / "home"),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MKL_NUM_THREADS": "1",
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return pd.read_parquet(folder / "results.parquet").sort_values(KEYS, ignore_index=True)


def main(revision: str) -> None:
    from w2s_mol.tasks.registry import REGRESSION

    largest = 0.0
    with tempfile.TemporaryDirectory() as place:
        old = Path(place) / "old"
        subprocess.run(["git", "clone", "--quiet", ROOT, old], check=True)
        subprocess.run(["git", "-C", old, "checkout", "--quiet", revision], check=True)
        homes = {source: Path(place) / name for name, source in (("o", old), ("n", ROOT))}
        for home in homes.values():
            home.mkdir()
        for strong in STRONG:
            before, after = (study(source, strong, homes[source]) for source in (old, ROOT))
            assert before[KEYS].equals(after[KEYS])
            for name in REGRESSION.names():
                difference = (before[name] - after[name]).abs().max()
                largest = max(largest, 0.0 if pd.isna(difference) else float(difference))
                assert before[name].isna().equals(after[name].isna())
            print(f"{strong}: {len(before)} rows, largest difference so far {largest:.3g}")
    sys.exit(largest > MOST)


if __name__ == "__main__":
    main(sys.argv[1])
