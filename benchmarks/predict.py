"""What ``w2s-mol predict`` costs beside its encoder, and that memory does not grow.

python benchmarks/predict.py [--molecules 1000000]

The student is ``weak-h8-s0``, the smallest shipped encoder: whatever else is done for a molecule
weighs most beside it. The library is the first molecules of the mirror's corpus, once all that are
asked for and once a tenth of them, each predicted by a process of its own, which also says how
long the encoder read molecules (``Encoder.embed``, from SMILES to vectors). What both runs take
alike, loading and opening, is the same for any library and no part of the share.
"""

from __future__ import annotations

import argparse
import itertools
import lzma
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from common import PROGRAM, Claim, Cost, cost, mirror_or_none, report

ENCODER = "weak-h8-s0"
WATCHED = "watched"


@dataclass(frozen=True)
class Predicted:
    """What one library cost, and the seconds of it in which the encoder read molecules."""

    cost: Cost
    encoder: float

    @property
    def rest(self) -> float:
        """Return the seconds that are not the encoder's."""
        return self.cost.seconds - self.encoder


def predicted(home: Path, corpus: Path, molecules: int) -> Predicted:
    """Predict the first molecules of a corpus."""
    library, told = home / f"{molecules}.csv", home / f"{molecules}.txt"
    with lzma.open(corpus, "rt") as lines, library.open("w") as output:
        output.write("smiles\n")
        output.writelines(itertools.islice(lines, molecules))
    verb = ["predict", str(library), "--run", "run", "--use", "w2s", "--quiet", "-o", "out.parquet"]
    found = cost([sys.executable, __file__, WATCHED, str(told), *verb], home)
    return Predicted(found, float(told.read_text()))


def watched(told: Path, arguments: list[str]) -> None:
    """Be ``w2s-mol``, and write to a file how long the encoder read molecules."""
    from w2s_mol.cli.main import main as program
    from w2s_mol.encoders.contract import Encoder

    embed, seconds = Encoder.embed, 0.0

    def timed(*given, **named):
        nonlocal seconds
        started = perf_counter()
        found = embed(*given, **named)
        seconds += perf_counter() - started
        return found

    Encoder.embed = timed
    try:
        program(arguments)
    finally:
        told.write_text(str(seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--molecules", type=int, default=1_000_000)
    n = parser.parse_args().molecules
    mirror = mirror_or_none()
    if mirror is None:
        print("\n## Predicting a library: not measured, for there is no mirror with a corpus")
        return
    corpus = Path(mirror) / "corpus" / "chembl_train.smiles.xz"
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        taught = ["--dataset", "computed-logp", "--weak", "weak-h12-s0", "--strong", ENCODER]
        cost([*PROGRAM, "run", "--quiet", "--offline", *taught, "--output-dir", "run"], home)
        few, all_ = (predicted(home, corpus, count) for count in (n // 10, n))
    lines = [
        f"{count:,}: {of.cost.seconds:.0f} s, {of.encoder:.0f} s of them reading molecules; "
        f"peak {of.cost.peak / 1e6:.0f} MB"
        for count, of in ((n // 10, few), (n, all_))
    ]
    grown = all_.cost.seconds - few.cost.seconds
    share = (all_.rest - few.rest) / grown
    report(
        f"Predicting {n:,} molecules with {ENCODER}",
        lines,
        [
            Claim("peak of memory in GB", all_.cost.peak / 1e9, 1, at_least=False),
            Claim("peak of memory / that of a tenth", all_.cost.peak / few.cost.peak, 1.1, False),
            Claim("share of the time that the encoder has not", share, 0.05, at_least=False),
        ],
    )


if __name__ == "__main__":
    if sys.argv[1:2] == [WATCHED]:
        watched(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
