"""How long ``w2s-mol report`` and ``w2s-mol statistics`` take on a full reproduction.

The reproduction is made first if it is not there (eleven minutes on two cores).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import Claim, mirror_or_none, report

PROGRAM = str(Path(sys.executable).with_name("w2s-mol"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs/reproduction"))
    runs = parser.parse_args().runs
    if not (runs / "report.html").exists():
        mirror = mirror_or_none()
        options = ["--mirror", mirror] if mirror else []
        subprocess.run([PROGRAM, "reproduce", "-o", str(runs), *options], check=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        reported = seconds("report", str(runs), "-q", "-o", str(path))
        size = path.stat().st_size
    counted = seconds("statistics", str(runs), "-q")
    report(
        "The report and the statistics of a full reproduction",
        [f"{reported:.1f} s, {size / 1e6:.1f} MB; {counted:.1f} s; 2,000 bootstrap replicates"],
        [
            Claim("the report's seconds / 20", reported / 20, 1, at_least=False),
            Claim("the statistics' seconds / 10", counted / 10, 1, at_least=False),
        ],
    )


def seconds(*words: str) -> float:
    """Return how long a call of the program takes."""
    started = time.perf_counter()
    subprocess.run([PROGRAM, *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
