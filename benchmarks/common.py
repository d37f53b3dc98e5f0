"""What every benchmark prints: the machine, the rates, the ratios against what was asked for."""

from __future__ import annotations

import itertools
import lzma
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from w2s_mol.manifest import processor

MIRROR = os.environ.get("W2S_MOL_MIRROR") or str(Path(__file__).parents[2] / "shared" / "data")
PROGRAM = [sys.executable, "-m", "w2s_mol"]


@dataclass(frozen=True)
class Cost:
    """Of one command: seconds on the clock and of processors, and the peak of memory in bytes."""

    seconds: float
    processor: float
    peak: float


def cost(command: list[str], home: Path, **environment: str) -> Cost:
    """Run a command in a folder that is its own."""
    home.mkdir(parents=True, exist_ok=True)
    own = {"W2S_MOL_HOME": str(home / "kept"), "W2S_MOL_MIRROR": mirror_or_none() or ""}
    started = perf_counter()
    process = subprocess.Popen(
        command, cwd=home, env={**os.environ, **own, **environment}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{' '.join(command)} failed")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024.0)


@dataclass(frozen=True)
class Claim:
    """A ratio measured in this run and the least (or most) it should be."""

    what: str
    ratio: float
    limit: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """Say whether the ratio is on the right side of its limit."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def mirror_or_none() -> str | None:
    """Return the offline mirror if there is one; else the benchmark downloads."""
    return MIRROR if Path(MIRROR).is_dir() else None


def write_library(path: Path, mirror: str, molecules: int) -> None:
    """Write the first molecules of the mirror's corpus as a table."""
    corpus = Path(mirror) / "corpus" / "chembl_train.smiles.xz"
    with lzma.open(corpus, "rt") as lines, path.open("w") as output:
        output.write("smiles\n")
        output.writelines(itertools.islice(lines, molecules))


def report(title: str, lines: list[str], claims: list[Claim]) -> None:
    """Print a benchmark's figures and exit with 1 if a claim does not hold."""
    print(f"\n## {title}")
    print(f"{_machine()}, {datetime.now(UTC):%Y-%m-%d}")
    for line in lines:
        print(f"  {line}")
    for claim in claims:
        sign = ">=" if claim.at_least else "<="
        verdict = "holds" if claim.holds else "DOES NOT HOLD"
        print(f"  {claim.what}: {claim.ratio:.2f} (wanted {sign} {claim.limit:g}) {verdict}")
    sys.stdout.flush()
    if not all(claim.holds for claim in claims):
        sys.exit(1)


def _machine() -> str:
    return f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
