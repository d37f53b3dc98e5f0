"""What the engine of studies costs: reading again, sharing work, many supervisors, many molecules.

python benchmarks/cell.py [reading] [workers] [supervisors] [molecules]

Without a name all four are measured. Each compares two things in one run, or holds a limit.
Processor time is of the process and its children; memory is the peak of the largest of them.
"""

from __future__ import annotations

import lzma
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from common import PROGRAM, Claim, Cost, cost, mirror_or_none, report

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
STRONG = "strong-h256-l6-s0"
CHEMBENCH = ("esol", "freesolv", "lipop", "bace", "bbbp")
MANY, FEW = 240, 24
MOLECULES = 100_000
REPEATS = 7
ELEMENTS = {"H", "B", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I"}


def least(command: list[str], home: Path) -> float:
    """Return the least processor time of a command, of several runs."""
    return min(cost(command, home).processor for _ in range(REPEATS))


def study(folder: str, *options: str) -> list[str]:
    return [*PROGRAM, "run", "--quiet", "--output-dir", folder, *options]


def reading(home: Path) -> None:
    """Read a finished study of 24 encoders again, and select from it."""
    run = study("run", "--dataset", "lipop", "--strong", STRONG)
    cost(run, home)
    pandas = least([sys.executable, "-c", "import pandas"], home)
    with_scipy = least([sys.executable, "-c", "import pandas, scipy.stats"], home)
    again, select = least(run, home), least([*PROGRAM, "select", "run"], home)
    report(
        "A finished study of 24 encoders on Lipop, processor time",
        [
            f"import pandas: {pandas:.2f} s; read again: {again:.2f} s",
            f"import pandas, scipy.stats: {with_scipy:.2f} s; select: {select:.2f} s",
        ],
        [
            Claim("read again / import pandas", again / pandas, 1.5, at_least=False),
            Claim("select / import pandas, scipy.stats", select / with_scipy, 2, at_least=False),
        ],
    )


def workers(home: Path) -> None:
    """Compare two processes of one thread with one, on a cold cache."""
    named = [text for name in CHEMBENCH for text in ("--dataset", name)]
    # Classes as numbers: a study is of one kind of labels.
    as_numbers = ("--task", "regression", "--on-invalid", "skip")
    run = study("run", *named, *as_numbers, "--strong", STRONG)
    cost([*PROGRAM, "data", "fetch", *CHEMBENCH], home / "one")
    cost([*PROGRAM, "data", "fetch", *CHEMBENCH], home / "two")
    one = cost(run, home / "one", **ONE_THREAD)
    two = cost([*run, "--workers", "2"], home / "two", **ONE_THREAD)
    for name in ("results.parquet", "predictions.parquet", "molecules.parquet", "results.csv"):
        if (home / "one/run" / name).read_bytes() != (home / "two/run" / name).read_bytes():
            sys.exit(f"{name} differs between one process and two")
    report(
        "ChemBench's five datasets, 24 supervisors, all to be embedded, one thread a process",
        [f"1 process: {one.seconds:.1f} s; 2 processes: {two.seconds:.1f} s; the same bytes"],
        [Claim("1 process / 2 processes", one.seconds / two.seconds, 1.7)],
    )


def supervisors(home: Path) -> None:
    """Compare a study with one of ten times as many supervisors."""

    def run(count: int) -> Cost:
        names = [f"random-h8-s{seed}" for seed in range(count)]
        weak = [text for name in names for text in ("--weak", name)]
        strong = ("--strong", "rdkit2d")
        command = study(f"run-{count}", "--dataset", "computed-logp", *strong, *weak)
        return cost(command, home / str(count))

    few, many = run(FEW), run(MANY)
    report(
        f"computed-logp, {FEW} and {MANY} supervisors that are made and embedded",
        [
            f"{FEW}: {few.seconds:.0f} s, {few.peak / 1e6:.0f} MB",
            f"{MANY}: {many.seconds:.0f} s, {many.peak / 1e6:.0f} MB",
        ],
        [
            Claim("seconds, 240 / 24", many.seconds / few.seconds, 12, at_least=False),
            Claim("peak of memory, 240 / 24", many.peak / few.peak, 1.3, at_least=False),
        ],
    )


def molecules(home: Path) -> None:
    """Study 100,000 labelled molecules (computed logP): shipped supervisors, 3 splits, ecfp."""
    mirror = mirror_or_none()
    if mirror is None:
        print("\n## Many molecules: not measured, for there is no mirror with a corpus")
        return
    table = home / "big.csv"
    home.mkdir(parents=True, exist_ok=True)
    _write_labelled(Path(mirror) / "corpus" / "chembl_train.smiles.xz", table)
    command = study("run", "--dataset", str(table), "--target-column", "logp", "--strong", "ecfp")
    found = cost(command, home)
    kept = sum((home / "run" / f"{n}.parquet").stat().st_size for n in ("predictions", "molecules"))
    old = 4046.0  # of 0.3.0, measured with its own writer on these molecules
    report(
        f"{MOLECULES:,} molecules, 24 supervisors, 3 splits, ecfp",
        [
            f"{found.seconds:.0f} s, peak {found.peak / 1e9:.2f} GB",
            f"predictions and molecules: {kept / MOLECULES:.0f} bytes a molecule",
        ],
        [
            Claim("peak of memory in GB", found.peak / 1e9, 2, at_least=False),
            Claim("bytes of predictions / those of 0.3.0", kept / MOLECULES / old, 0.25, False),
        ],
    )


def _write_labelled(corpus: Path, table: Path) -> None:
    from rdkit import Chem, RDLogger
    from rdkit.Chem.Crippen import MolLogP

    RDLogger.DisableLog("rdApp.*")
    with lzma.open(corpus, "rt") as lines, table.open("w") as output:
        print("smiles,logp", file=output)
        written = 0
        while written < MOLECULES:
            text = next(lines).split()[0]
            mol = Chem.MolFromSmiles(text)
            if mol and set("FHIBCNOPSlr") >= {
                a for atom in mol.GetAtoms() for a in atom.GetSymbol()
            }:
                print(f"{text},{MolLogP(mol):.4f}", file=output)
                written += 1


MEASURED: dict[str, Callable[[Path], None]] = {
    "reading": reading,
    "workers": workers,
    "supervisors": supervisors,
    "molecules": molecules,
}


def main() -> None:
    for name in sys.argv[1:] or MEASURED:
        with tempfile.TemporaryDirectory() as place:
            MEASURED[name](Path(place))


if __name__ == "__main__":
    main()
