"""What docs/scale.md plans from: rates a core, bytes a molecule, and what a billion would take.

python benchmarks/scale.py [--seconds 20]

Molecules of ChEMBL from the mirror by one process on one core, for about as long as asked for; the
sizes are of a shard of 20,000 (of fewer for slow encoders). Prices are an assumption, printed.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from itertools import islice
from pathlib import Path
from time import perf_counter

import torch
from common import mirror_or_none, report, write_library

from w2s_mol import load_encoder
from w2s_mol.encoders.contract import Encoder
from w2s_mol.molecules.smiles import forget
from w2s_mol.shards.embedding import embed_table
from w2s_mol.shards.output import How
from w2s_mol.shards.share import SIZE

ENCODERS = {
    "weak-h8-s0": "h8",
    "weak-h96-s0": "h96",
    "strong-h256-l6-s0": "strong-h256",
    "random-bert-h768-l12-s0": "MolBERT's size",
}
MOLECULES = 1e9
DOLLARS_A_CORE_HOUR = 0.04


def rate(encoder: Encoder, lines: list[str], seconds: float) -> tuple[float, int]:
    """Return molecules a second, and of how many."""
    encoder.embed(lines[:64])
    done, started, size = 0, perf_counter(), 64
    while perf_counter() - started < seconds and done < len(lines):
        encoder.embed(lines[done : done + size])
        done = min(len(lines), done + size)
        forget()
        size = min(SIZE, 2 * size)
    return done / (perf_counter() - started), done


def bytes_each(encoder: Encoder, library: Path, place: Path) -> float:
    """Return the bytes of a shard, a row."""
    told = embed_table(library, encoder, place, how=How(size=SIZE))
    return sum(path.stat().st_size for path in place.glob("part-*")) / told.rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    asked = parser.parse_args()
    mirror = mirror_or_none()
    if mirror is None:
        print("\n## Scale: not measured, for there is no mirror with a corpus")
        return
    torch.set_num_threads(1)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    lines = [
        "| encoder | molecules/s a core | core-hours | dollars | bytes a molecule | TB |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    with tempfile.TemporaryDirectory() as place:
        library = Path(place) / "library.csv"
        write_library(library, mirror, 200_000)
        smiles = library.read_text().split("\n")[1:-1]
        for name, called in ENCODERS.items():
            encoder = load_encoder(name, "cpu")
            each, done = rate(encoder, smiles, asked.seconds)
            few = Path(place) / f"{name}.csv"
            few.write_text("smiles\n" + "\n".join(islice(smiles, min(done, SIZE))) + "\n")
            size = bytes_each(encoder, few, Path(place) / name)
            hours = MOLECULES / each / 3600
            lines.append(
                f"| {called} | {each:,.0f} | {hours:,.0f} | {hours * DOLLARS_A_CORE_HOUR:,.0f} "
                f"| {size:,.0f} | {size * MOLECULES / 1e12:.2f} |"
            )
    lines.append(
        f"{MOLECULES:,.0f} molecules in {MOLECULES / SIZE:,.0f} files of {SIZE:,}; assumed: "
        f"{DOLLARS_A_CORE_HOUR} dollars a core-hour"
    )
    report("Scale", lines, [])


if __name__ == "__main__":
    main()
