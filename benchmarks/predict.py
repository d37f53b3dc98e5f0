"""What ``w2s-mol predict`` costs beside its encoder, and that memory does not grow.

python benchmarks/predict.py [--molecules 1000000]

The student is ``weak-h8-s0``, the smallest shipped encoder: whatever else is done for a molecule
weighs most beside it. The library is the first molecules of the mirror's corpus, once all that are
asked for and once a tenth of them. Each is predicted by a process of its own, which also says how
long it was at the library (opened, read, predicted, written), and how much of that the encoder
took from SMILES to vectors. Loading libraries and models, alike for every library, is in neither.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from common import PROGRAM, Claim, Cost, cost, mirror_or_none, report, write_library

ENCODER = "weak-h8-s0"
WATCHED = "watched"


@dataclass(frozen=True)
class Predicted:
    """What a library cost: in all, the seconds at it, and the seconds of these of the encoder."""

    molecules: int
    cost: Cost
    seconds: float
    encoder: float

    @property
    def rest(self) -> float:
        """Return the share of the time that is not the encoder's."""
        return 1 - self.encoder / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.molecules:,}: {self.seconds:.0f} s, {self.encoder:.0f} s of them the encoder, "
            f"{self.cost.seconds - self.seconds:.0f} s before; peak {self.cost.peak / 1e6:.0f} MB"
        )


def predicted(home: Path, mirror: str, molecules: int) -> Predicted:
    """Predict the first molecules of a corpus."""
    library, told = home / f"{molecules}.csv", home / f"{molecules}.json"
    write_library(library, mirror, molecules)
    verb = ["predict", str(library), "--run", "run", "--use", "w2s", "--quiet", "-o", "out.parquet"]
    verb += ["--workers", "1"]  # whose time is known
    found = cost([sys.executable, __file__, WATCHED, str(told), *verb], home)
    return Predicted(molecules, found, **json.loads(told.read_text()))


def watched(told: Path, arguments: list[str]) -> None:
    """Be ``w2s-mol``, and write to a file how long it was at the library, and its encoder."""
    from w2s_mol.cli.main import main as program
    from w2s_mol.encoders.contract import Encoder
    from w2s_mol.shards import predicting

    spent = {"seconds": 0.0, "encoder": 0.0}

    def timed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def timing(*given: Any, **named: Any) -> Any:
            started = perf_counter()
            found = function(*given, **named)
            spent[name] += perf_counter() - started
            return found

        return timing

    def at_the_library(*given: Any, **named: Any) -> Any:
        spent["encoder"] = 0.0  # the training molecules are read before
        return predict(*given, **named)

    predict = timed(predicting.predict_library, "seconds")
    predicting.predict_library = at_the_library
    Encoder.embed = timed(Encoder.embed, "encoder")
    try:
        program(arguments)
    finally:
        told.write_text(json.dumps(spent))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--molecules", type=int, default=1_000_000)
    molecules = parser.parse_args().molecules
    mirror = mirror_or_none()
    if mirror is None:
        print("\n## Predicting a library: not measured, for there is no mirror with a corpus")
        return
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        taught = ["--dataset", "computed-logp", "--weak", "weak-h12-s0", "--strong", ENCODER]
        cost([*PROGRAM, "run", "--quiet", "--offline", *taught, "--output-dir", "run"], home)
        few, many = (predicted(home, mirror, count) for count in (molecules // 10, molecules))
    growth = many.cost.peak / few.cost.peak
    report(
        f"Predicting a library with {ENCODER}",
        [str(few), str(many)],
        [
            Claim("peak of memory in GB", many.cost.peak / 1e9, 1, at_least=False),
            Claim("peak of memory / that of a tenth", growth, 1.1, at_least=False),
            Claim("share of the time that is not the encoder's", many.rest, 0.05, at_least=False),
        ],
    )


if __name__ == "__main__":
    if sys.argv[1:2] == [WATCHED]:
        watched(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
