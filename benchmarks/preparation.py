"""Corpus preparation against a bare loop over RDKit's own functions, and two cores against one.

The bare loop parses each molecule and calls RDKit's functions for the same 200 descriptors: no
renumbering, no tokens, no normalising. Preparation does all that and writes the shard.
"""

from __future__ import annotations

import argparse
import cProfile
import itertools
import pstats
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from common import MIRROR, Claim, report
from descriptastorus.descriptors import rdDescriptors
from rdkit import Chem, rdBase

from w2s_mol.pretraining.corpus_file import read_lines
from w2s_mol.pretraining.shard_pool import in_parallel
from w2s_mol.pretraining.shards import Preparation, ShardLines, prepare_shard

_ROUNDS = 3
_POOL_SHARD = 50
_WARM_SECONDS = 2.0


def bare_loop(lines: list[str]) -> None:
    """Compute the 200 raw descriptors of each line with RDKit's own functions."""
    functions = [rdDescriptors.FUNCS_V1[n] for n in rdDescriptors.RDKIT_PROPS["1.0.0"]]
    for line in lines:
        mol = Chem.MolFromSmiles(line)
        row = []
        for function in functions:
            try:
                row.append(float(function(mol)))
            except Exception:  # noqa: BLE001 -- as the reference does
                row.append(np.nan)


def seconds(work) -> float:  # type: ignore[no-untyped-def]
    """Return how long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def shards(folder: Path, lines: list[str], size: int) -> list[ShardLines]:
    """Return lines as shards of a folder of their own."""
    place = Path(tempfile.mkdtemp(dir=folder))
    starts = range(0, len(lines), size)
    return [
        ShardLines(place / f"{i}.safetensors", i, lines[i : i + size], Preparation())
        for i in starts
    ]


def pool_rate(folder: Path, lines: list[str], workers: int) -> float:
    """Return the lines a second over processes, while all of them are at work."""
    work = shards(folder, lines, _POOL_SHARD)
    ends = [time.perf_counter() for _ in in_parallel(work, workers)]
    # Leave out the processes' start and the last shards, for which some find no work.
    first = next(i for i, end in enumerate(ends) if end > ends[0] + _WARM_SECONDS)
    last = len(ends) - workers
    return (last - first) * _POOL_SHARD / (ends[last] - ends[first])


def top_functions(folder: Path, lines: list[str]) -> list[str]:
    """Return where the time of preparation goes."""
    profile = cProfile.Profile()
    [shard] = shards(folder, lines, len(lines))
    profile.runcall(prepare_shard, shard)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total = sum(own for _, _, own, _, _ in stats.values())
    largest = sorted(stats.items(), key=lambda item: -item[1][2])[:8]
    return [f"{own / total:4.0%}  {name}" for (_, _, name), (_, _, own, _, _) in largest]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--molecules", type=int, default=1500)
    parser.add_argument("--corpus", default=f"{MIRROR}/corpus/chembl_train.smiles.xz")
    given = parser.parse_args()
    rdBase.DisableLog("rdApp.*")
    lines = list(itertools.islice(read_lines(Path(given.corpus)), given.molecules))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare_loop(lines[:100])
        prepare_shard(shards(folder, lines[:100], 100)[0])
        bare, ours = [], []
        for _ in range(_ROUNDS):  # in turn, so that a slow moment strikes both
            bare.append(seconds(lambda: bare_loop(lines)))
            [shard] = shards(folder, lines, len(lines))
            ours.append(seconds(partial(prepare_shard, shard)))
        one, two = (pool_rate(folder, lines * 3, workers) for workers in (1, 2))
        profile = top_functions(folder, lines[:300])
    report(
        f"Corpus preparation, {given.molecules:,} molecules, two renumberings",
        [
            f"bare RDKit loop: {given.molecules / min(bare):,.0f} molecules/s on one core",
            f"preparation: {given.molecules / min(ours):,.0f} molecules/s on one core",
            f"over processes: {one:,.0f}/s with one, {two:,.0f}/s with two",
            "own time by function (RDKit's C++ counts to the function that calls it):",
            *profile,
        ],
        [
            Claim("preparation against the bare loop", min(bare) / min(ours), 1.25),
            Claim("two processes against one", two / one, 1.8),
        ],
    )


if __name__ == "__main__":
    main()
