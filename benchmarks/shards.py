"""What workers on shards are worth: processes against one, Dask against both, one against a loop.

python benchmarks/shards.py [--molecules 300000] [--encoders weak-h8-s0 weak-h96-s0]

Molecules of ChEMBL from the mirror, embedded into a folder of shards: by one worker on one core, by
two on two, by two of Dask (--cluster local:2); and a loop in Python of batches as long as a shard,
on one core, that writes nothing. The peak of memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from common import PROGRAM, Claim, mirror_or_none, report, write_library

from w2s_mol.processes import THREADS
from w2s_mol.shards.share import SIZE

HALF = SIZE // 2
"""Rows of a shard where workers are compared with one: an even number of shards, for both alike."""
ENCODERS = ("weak-h8-s0", "weak-h96-s0")
_LOOP = """
import sys, torch
from itertools import islice
from w2s_mol import load_encoder
from w2s_mol.molecules.smiles import forget
torch.set_num_threads(1)
encoder = load_encoder(sys.argv[1], "cpu")
with open(sys.argv[2]) as lines:
    next(lines)
    while smiles := [line.strip() for line in islice(lines, int(sys.argv[3]))]:
        encoder.embed(smiles)
        forget()
"""


def seconds(command: list[str], cores: int) -> float:
    """Return how long a command takes on the first cores of this machine, a thread on each."""
    one_thread = dict.fromkeys(THREADS, "1")
    some = sorted(os.sched_getaffinity(0))[:cores]
    started = perf_counter()
    subprocess.run(
        command,
        check=True,
        env={**os.environ, **one_thread},
        preexec_fn=lambda: os.sched_setaffinity(0, some),
        stderr=subprocess.DEVNULL,
    )
    return perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--molecules", type=int, default=300_000)
    parser.add_argument("--encoders", nargs="*", default=list(ENCODERS))
    asked = parser.parse_args()
    mirror = mirror_or_none()
    if mirror is None:
        print("\n## Workers on shards: not measured, for there is no mirror with a corpus")
        return
    with tempfile.TemporaryDirectory() as place:
        library = Path(place) / "library.csv"
        write_library(library, mirror, asked.molecules)
        few = Path(place) / "few"
        few.mkdir()
        for name in ("a.csv", "b.csv"):
            (few / name).write_text("smiles\n" + "CCO\n" * SIZE)
        lines, claims = [], []
        for encoder in asked.encoders:

            def embed(
                cores: int, *by: str, of: Path = library, size: int = SIZE, encoder: str = encoder
            ) -> float:
                name = "-".join([of.stem, encoder, str(size), *by]).replace(":", "-")
                verb = ["embed", str(of), "--encoder", encoder, "--device", "cpu", "--quiet"]
                to = ["--output", str(Path(place) / name), "--shard-rows", str(size)]
                return seconds([*PROGRAM, *verb, *to, *by], cores)

            loop = seconds([sys.executable, "-c", _LOOP, encoder, str(library), str(SIZE)], 1)
            one = embed(1, "--workers", "1", size=HALF)
            even = embed(2, "--workers", "2", size=HALF)
            two = embed(2, "--workers", "2")
            dask = embed(2, "--cluster", "local:2")
            starts = [
                embed(2, *by, of=few) for by in (("--workers", "2"), ("--cluster", "local:2"))
            ]
            rates = ", ".join(
                f"{asked.molecules / each:,.0f}" for each in (loop, one, even, two, dask)
            )
            lines.append(
                f"{encoder}: {rates} molecules a second in a loop, by 1, 2 (shards of {HALF:,}), "
                f"2, 2 of Dask (of {SIZE:,}); "
                f"two shards of ethanol, the start: {starts[0]:.1f} s by 2, {starts[1]:.1f} by Dask"
            )
            claims += [
                Claim(f"{encoder}: 2 workers / 1", one / even, 1.8),
                Claim(f"{encoder}: 1 worker / the loop", loop / one, 0.9),
                Claim(
                    f"{encoder}: Dask's 2 / 2 workers, time after their start",
                    (dask - starts[1]) / (two - starts[0]),
                    1.05,
                    at_least=False,
                ),
            ]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        claims.append(Claim("largest process in GB", peak / 1e9, 1, at_least=False))
    report(f"Workers on shards, {asked.molecules:,} molecules", lines, claims)


if __name__ == "__main__":
    main()
