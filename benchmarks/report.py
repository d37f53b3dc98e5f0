"""How long ``w2s-mol report`` takes on a full reproduction.

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
        started = time.perf_counter()
        subprocess.run([PROGRAM, "report", str(runs), "-q", "-o", str(path)], check=True)
        seconds = time.perf_counter() - started
        size = path.stat().st_size
    report(
        "The report of a full reproduction",
        [f"{seconds:.1f} s, {size / 1e6:.1f} MB, 2,000 bootstrap replicates"],
        [Claim("seconds / 20", seconds / 20, 1, at_least=False)],
    )


if __name__ == "__main__":
    main()
