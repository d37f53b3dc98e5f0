"""Studies made of given predictions, without encoders or heads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol.statistics.cases import Cases, study_cases
from w2s_mol.tasks.contract import Predicted
from w2s_mol.tasks.registry import REGRESSION

KEYS = {
    "dataset": "made",
    "unit": "log10",
    "strong": "ecfp",
    "shuffled_labels": False,
    "protocol": "paper",
    "head": "ridge",
    "head_epochs": 0,
    "pooling": "mean+pooled",
    "study_seed": 0,
    "dataset_sha256": "content",
    "strong_sha256": "ecfp-content",
    "study": "0123",
}


_PREDICTED = (
    *("truth", "weak_prediction", "w2s_prediction", "ceiling_prediction"),
    *("row", "split", "part", "weak", "family"),
)


@dataclass
class Crafted:
    """A study's tables from predictions of shape (supervisors, molecules).

    ``splits`` says which molecules are whose: name -> (train, valid, test).
    """

    truth: np.ndarray
    weak: np.ndarray
    w2s: np.ndarray
    ceiling: np.ndarray
    splits: dict[str, tuple[Sequence[int], ...]]
    hidden: Sequence[int | None] = ()
    seeds: Sequence[int] = ()
    families: Sequence[str] = ()
    keys: dict[str, Any] = field(default_factory=dict)
    split_sha256: dict[str, str] = field(default_factory=dict)

    def supervisors(self) -> list[dict[str, Any]]:
        k = len(self.weak)
        hidden = self.hidden or [8 * (place + 1) for place in range(k)]
        seeds, families = self.seeds or [0] * k, self.families or ["shipped"] * k
        return [
            {
                "weak": f"{'random' if f == 'random' else 'weak'}-h{h}-s{s}",
                "family": f,
                "hidden": h,
                "seed": s,
                "weak_sha256": f"{f}/{h}/{s}/{p}",
            }
            for p, (h, s, f) in enumerate(zip(hidden, seeds, families, strict=True))
        ]

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        keys = {**KEYS, **self.keys}
        results, predictions = [], []
        for place, supervisor in enumerate(self.supervisors()):
            for split, parts in self.splits.items():
                for part, index in zip(("train", "valid", "test"), parts, strict=True):
                    rows = np.array(index, dtype=int)
                    four = (
                        self.truth[rows],
                        self.weak[place][rows],
                        self.w2s[place][rows],
                        self.ceiling[rows],
                    )
                    sha256 = self.split_sha256.get(split, str(parts))
                    where = {"split": split, "split_sha256": sha256, "eval_split": part}
                    quantities = REGRESSION.measured(Predicted(*four)) if len(rows) else {}
                    results.append({**keys, **supervisor, **where, **quantities})
                    of = (split, part, supervisor["weak"], supervisor["family"])
                    predictions.append((*four, rows, *(np.repeat(word, len(rows)) for word in of)))
        frame = pd.DataFrame(results).astype({"hidden": "Int64", "seed": "Int64"})
        columns = map(np.concatenate, zip(*predictions, strict=True))
        predicted = pd.DataFrame(dict(zip(_PREDICTED, columns, strict=True)))
        predicted["dataset"] = keys["dataset"]
        return frame, predicted

    def written(self, folder: Path) -> Path:
        """Write the tables as those of a run whose manifest was lost."""
        folder.mkdir()
        results, predictions = self.tables()
        results.to_parquet(folder / "results.parquet")
        predictions.to_parquet(folder / "predictions.parquet")
        return folder

    def cases(self) -> Cases:
        [cases] = study_cases(*self.tables())
        return cases


def crafted(n: int = 60, k: int = 4, seed: int = 0, **given: Any) -> Crafted:
    """Make a study with random predictions, any of which may be given."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=n)
    weak = truth + generator.normal(size=(k, n)) * np.linspace(0.4, 1.2, k)[:, None]
    drawn = {
        "truth": truth,
        "weak": weak,
        "w2s": 0.6 * weak + 0.4 * truth + generator.normal(scale=0.3, size=(k, n)),
        "ceiling": truth + generator.normal(scale=0.3, size=n),
        "splits": {
            name: tuple(np.split(generator.permutation(n), [n // 2, 3 * n // 4]))
            for name in ("0", "1")
        },
    }
    return Crafted(**{**drawn, **given})


def forget_hashes(folder: Path) -> None:
    """Let a run's manifest say nothing of its files' content, as in 0.3: they may be changed."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["files"]
    path.write_text(json.dumps(manifest))
