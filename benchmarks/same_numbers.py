"""Do the shipped studies give the numbers of another revision? Both are run, one after another.

python benchmarks/same_numbers.py REVISION [NAME...]

Runs ESOL, FreeSolv and Lipop under both with the 200 descriptors and the shipped strong encoder,
their null controls, the other protocol and the other heads, and small synthetic experiments, each
revision in a W2S_MOL_HOME of its own and on one thread. Prints the largest difference of any
quantity (of values above one: as a share), and whether all chosen penalties are the same. Exits
with 1 where one exceeds 1e-9. Needs W2S_MOL_MIRROR, or the network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
KEYS = ["dataset", "split", "weak", "eval_split"]
TASKS = ["experiment", "seed", "task"]
PENALTIES = ["weak_penalty", "w2s_penalty", "ceiling_penalty"]
STRONG = "strong-h256-l6-s0"
STUDIES = {
    "rdkit2d": ("--dataset", "all", "--strong", "rdkit2d"),
    STRONG: ("--dataset", "all", "--strong", STRONG),
    "shuffled": ("--dataset", "all", "--strong", STRONG, "--shuffle-weak-labels"),
    "self": ("--dataset", "all", "--strong", "self"),
    "random weak": ("--dataset", "freesolv", "--strong", "rdkit2d", "--weak", "random"),
    "random strong": ("--dataset", "freesolv", "--strong", "random-h64-s0"),
    "disjoint": ("--dataset", "all", "--strong", STRONG, "--protocol", "disjoint"),
    "ols": ("--dataset", "lipop", "--strong", STRONG, "--head", "ols"),
    "adamw": ("--dataset", "freesolv", "--strong", "rdkit2d", "--head", "adamw",
              "--head-epochs", "20"),
}  # fmt: skip
SYNTHETIC = ("--finetuning-tasks", "20", "--representation-epochs", "20")
MOST = 1e-9


def results(source: Path, verb: str, options: tuple[str, ...], home: Path) -> pd.DataFrame:
    folder = tempfile.mkdtemp(dir=home)
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    subprocess.run(
        [*(sys.executable, "-m", "w2s_mol", verb, "--quiet"), *options, "--output-dir", folder],
        cwd=home,
        env={
            **os.environ,
            **dict.fromkeys(threads, "1"),
            "PYTHONPATH": str(source),
            "W2S_MOL_HOME": str(home / "home"),
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return pd.read_parquet(Path(folder) / "results.parquet")


def difference(before: pd.DataFrame, after: pd.DataFrame, keys: list[str]) -> float:
    """Return the largest difference of any quantity; of pgr where it is no ratio of roundings."""
    from w2s_mol.tasks.registry import REGRESSION

    before, after = (one.sort_values(keys, ignore_index=True) for one in (before, after))
    assert before[keys].equals(after[keys])
    means = [term.name for term in REGRESSION.terms]
    room = (before["weak_error"] - before["ceiling_error"]) > 1e-6 * before["weak_error"]
    apart = [_apart(before[name], after[name]).max() for name in means]
    return float(np.nanmax([*apart, _apart(before["pgr"], after["pgr"])[room].max(), 0.0]))


def _apart(before: pd.Series, after: pd.Series) -> pd.Series:
    """Return differences, of values above one as a share: predictions are kept to 13 digits."""
    return (before - after).abs() / before.abs().clip(lower=1.0)


def main(revision: str, *names: str) -> None:
    largest = 0.0
    with tempfile.TemporaryDirectory() as place:
        old = Path(place) / "old"
        subprocess.run(["git", "clone", "--quiet", ROOT, old], check=True)
        subprocess.run(["git", "-C", old, "checkout", "--quiet", revision], check=True)
        homes = {source: Path(place) / name for name, source in (("o", old), ("n", ROOT))}
        for home in homes.values():
            home.mkdir()
        for name in names or STUDIES:
            options = STUDIES[name]
            before, after = (results(one, "run", options, homes[one]) for one in (old, ROOT))
            found = difference(before, after, KEYS)
            unlike = int((before[PENALTIES] != after[PENALTIES]).to_numpy().sum())
            unlike -= int(before[PENALTIES].isna().to_numpy().sum())
            print(f"{name}: {len(before)} rows, {found:.3g}, penalties that differ: {unlike}")
            largest = max(largest, found)
        before, after = (results(one, "synthetic", SYNTHETIC, homes[one]) for one in (old, ROOT))
        found = difference(before, after, TASKS)
        print(f"synthetic: {len(before)} rows, {found:.3g}")
    print(f"largest difference {max(largest, found):.3g}")
    sys.exit(max(largest, found) > MOST)


if __name__ == "__main__":
    main(*sys.argv[1:])
