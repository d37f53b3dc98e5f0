"""What a run was: versions, machine, device."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from w2s_mol._version import __version__

_PACKAGES = ("torch", "transformers", "rdkit", "numpy", "scipy", "pandas", "descriptastorus")


def environment() -> dict[str, Any]:
    """Return the versions and the machine that results depend on."""
    return {
        "w2s_mol": __version__,
        "python": platform.python_version(),
        "packages": versions(*_PACKAGES),
        "platform": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
    }


def versions(*packages: str) -> dict[str, str | None]:
    """Return the installed version of each package, None where there is none."""
    return {name: _version(name) for name in packages}


def versions_note(sessions: Sequence[dict[str, Any]]) -> str | None:
    """Return a note on what differs between the versions that sessions of a run had, if any."""
    had: dict[str, list[str]] = {}
    for session in sessions:
        packages = session.get("packages", {})
        for name in ("w2s_mol", "python"):
            packages = {name: session.get(name), **packages}
        for name, number in packages.items():
            had.setdefault(name, []).append(str(number))
    several = {n: dict.fromkeys(numbers) for n, numbers in had.items() if len(set(numbers)) > 1}
    if not several:
        return None
    named = "; ".join(f"{name} {', '.join(numbers)}" for name, numbers in several.items())
    return f"its parts were computed with different versions: {named}"


def processor() -> str:
    """Return the name of this machine's processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        if names:
            return names[0]
    return platform.processor() or platform.machine()


@cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
