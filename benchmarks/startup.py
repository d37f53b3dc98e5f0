"""How long ``w2s-mol --help`` takes, against an empty Python program."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import Claim, report

RUNS = 21
PROGRAM = str(Path(sys.executable).with_name("w2s-mol"))


def median_seconds(command: list[str]) -> float:
    """Return the median wall time of a command, after one run to warm the disk cache."""
    seconds = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def main() -> None:
    floor = median_seconds([sys.executable, "-c", "pass"])
    ours = median_seconds([PROGRAM, "--help"])
    report(
        "Start-up",
        [f"python -c pass: {floor * 1e3:.0f} ms", f"w2s-mol --help: {ours * 1e3:.0f} ms"],
        [Claim("w2s-mol --help / python -c pass", ours / floor, 5, at_least=False)],
    )


if __name__ == "__main__":
    main()
