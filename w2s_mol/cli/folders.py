"""The run folder of a run that names none: short, readable, and another for every other run."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol import files

if TYPE_CHECKING:
    from w2s_mol.study.config import StudyConfig
    from w2s_mol.synthetic.config import SyntheticConfig

_RUNS = Path("runs")
_LONGEST = 120
_PLAIN = re.compile(r"[A-Za-z0-9_.]+")
_CSV_HERE = re.compile(r"[A-Za-z0-9_]+\.csv")
_WITHOUT_NAME = ("pooling", "split", "on_invalid", "experiment")
"""Settings whose value says which they are."""
_SAID_BEFORE = {"dataset", "weak", "strong", "protocol", "head", "shuffle_weak_labels"}
_HEX_DIGITS = 8


def study_folder(study: StudyConfig) -> Path:
    """Return the run folder for a study that names none."""
    from w2s_mol.datasets import named as datasets_named
    from w2s_mol.encoders import names as encoders_named
    from w2s_mol.encoders.random_bert import is_random

    known = {*datasets_named.all_names(), *encoders_named.all_names()}
    named = [*study.dataset, *study.weak, *study.strong]
    unclear = [name for name in named if name not in known and not is_random(name)]
    chosen = study.chosen()
    datasets = "+".join(Path(name.replace(":", "-")).name.split(".")[0] for name in study.dataset)
    strong = "+".join(Path(name.replace(":", "-")).name for name in study.strong)
    called = [re.sub(r"[:> ]+", "-", Path(name).name) for name in study.weak]
    weak = "+".join(called) if "weak" in chosen else ""
    begun = [datasets, strong, study.protocol, study.head, weak]
    begun.append("shuffled" if study.shuffle_weak_labels else "")
    others = {name: value for name, value in chosen.items() if name not in _SAID_BEFORE}
    # A CSV that lies here is told by its name; what lies elsewhere may have a namesake.
    elsewhere = [path for path in map(_from_here, unclear) if not _CSV_HERE.fullmatch(path)]
    return _folder(begun, others, [*elsewhere, *map(_from_here, study.split_file)])


def synthetic_folder(config: SyntheticConfig) -> Path:
    """Return the run folder for synthetic experiments that name none."""
    others = {name: value for name, value in config.chosen().items() if name != "head"}
    if "experiment" in others:
        others["experiment"] = config.experiments
    return _folder(["synthetic", config.head], others, [])


def _folder(begun: Sequence[str], others: Mapping[str, Any], paths: Sequence[str]) -> Path:
    """Put a name together; a hash of everything tells apart what the words alone do not."""
    texts = {
        name: [str(item) for item in (value if isinstance(value, list) else [value])]
        for name, value in others.items()
        if name != "split_file"
    }
    words = [word for word in begun if word]
    words += [_short(name) + "+".join(map(_slug, items)) for name, items in texts.items()]
    label = "-".join(words)
    clear = all(_PLAIN.fullmatch(item) for items in texts.values() for item in items)
    if clear and not paths and len(label) <= _LONGEST:
        return _RUNS / label
    sha256 = files.sha256_json([list(begun), texts, list(paths)])
    return _RUNS / f"{label[:_LONGEST]}-{sha256[:_HEX_DIGITS]}"


def _short(name: str) -> str:
    """Return what a setting is called before its value."""
    if name in _WITHOUT_NAME:
        return ""
    return {"seed": "seed", "seeds": "seed", "split_seeds": "splits"}.get(
        name, name.replace("_", "-") + "-"
    )


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.]+", "_", text)


def _from_here(path: str) -> str:
    """Return a path as it is seen from the folder that ``runs`` is in."""
    with suppress(OSError):  # no file has a name that long
        if Path(path).exists():
            return os.path.relpath(path)
    return path
