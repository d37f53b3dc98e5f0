"""Predictions of a library, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s_mol._version import __version__
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.embeddings.finding import Finder
from w2s_mol.items.contract import Items
from w2s_mol.prediction.choosing import Choice
from w2s_mol.prediction.library import Block, LibraryPredictor, open_predictor, the_run
from w2s_mol.prediction.reach import Reach, nulls, reach_of
from w2s_mol.progress import Progress, silent
from w2s_mol.shards.contract import Made, Maker, Recipe, Work
from w2s_mol.shards.output import CSV, PARQUET, check_output, written
from w2s_mol.shards.share import SIZE, Share
from w2s_mol.shards.source import Source

_BEFORE = (pa.field("prediction", pa.float64()), pa.field("spread", pa.float64()))
_AFTER = (
    pa.field("distance", pa.float64()),
    pa.field("unlike", pa.bool_()),
    pa.field("reason", pa.string()),
)
KINDS = (PARQUET, CSV)
_UNLIKE, _COMPARED = "unlike", "compared"


@dataclass(frozen=True)
class PredictedLibrary:
    """How many rows were written, how many are unlike, and why others have no prediction.

    ``unlike`` is None where no row could be compared with training molecules, ``missing`` how many
    shards of a folder are not there yet.
    """

    rows: int
    unlike: int | None
    reasons: dict[str, int] = field(default_factory=dict)
    missing: int = 0


@dataclass(frozen=True)
class Opening:
    """How any process opens a run's models; as in ``open_predictor``."""

    run: Path
    device: str
    items: Items
    mirror: str | None = None
    offline: bool = False

    def finder(self, progress: Progress = silent) -> Finder:
        """Return how encoders are found."""
        return Finder(None, self.device, self.items, self.mirror, self.offline, progress)


@dataclass(frozen=True)
class _Opened(Recipe):
    """Models that each process opens."""

    opening: Opening
    choice: tuple[tuple[str, str], ...]

    def open(self) -> Maker:
        run, finder = the_run(self.opening.run), self.opening.finder()
        return _maker(open_predictor(run, finder=finder, **dict(self.choice)))


def predict_library(
    library: Path,
    predictor: LibraryPredictor,
    output: Path,
    item_column: str = "smiles",
    progress: Progress = silent,
    delimiter: str | None = None,
    *,
    workers: int = 1,
    opening: Opening | None = None,
    size: int = SIZE,
    share: Share | None = None,
    merged: Path | None = None,
) -> PredictedLibrary:
    """Predict every item of a library.

    Parameters
    ----------
    library
        Any table that ``open_table`` reads, or a folder of them.
    predictor
        The models.
    output
        A Parquet or CSV file, or a folder for a Parquet file a shard. The columns are that of the
        items, ``prediction``, ``spread``, those that say how far the label may be from the
        prediction (``lower`` and ``upper``; of classes ``class`` and ``prediction_set``),
        ``distance``, ``unlike`` and ``reason``; what is not known is null. What predicts, and
        which word is which class, is said in the metadata of Parquet. Each file is written
        atomically; stopped, the same call goes on.
    item_column, delimiter
        As in ``Library``.
    workers, opening
        Processes, and how each opens the models; without that it is this one.
    size, share, merged
        As in ``shards.output.written``.

    Raises
    ------
    InputError
        If the library cannot be read, has no rows or lacks a column, or the output cannot be
        written.
    """
    check_output(output, library, merged, KINDS)
    items, choice = predictor.items, predictor.choice
    source = Source.at(
        library, item_column=item_column, delimiter=delimiter, max_atoms=items.max_atoms
    )
    asked = _asked(choice)
    recipe = _Opened(opening, tuple(asked.items())) if opening else None
    made_by = {"run": predictor.study, **asked, "items": items.kept_as}
    schema = _schema(choice, items.column)
    work = Work(_maker(predictor), recipe, "predicting", schema, made_by, tuple(predictor.columns))
    told = written(
        work, source, output,
        workers=workers, size=size, share=share, merged=merged, progress=progress,
    )  # fmt: skip
    compared = told.counts[_COMPARED]
    return PredictedLibrary(
        told.rows,
        told.counts[_UNLIKE] if compared else None,
        dict(told.reasons.most_common()),
        told.missing,
    )


def _asked(choice: Choice) -> dict[str, str]:
    """Return a choice as ``open_predictor`` takes it, with nothing left to be found out."""
    return {
        "dataset": str(choice.keys["dataset"]),
        "weak": choice.weak,
        "strong": str(choice.keys["strong"]),
        "use": choice.use,
        "labels": str(choice.keys["labels"]),
    }


def _maker(predictor: LibraryPredictor) -> Maker:
    choice = predictor.choice
    schema, reach = _schema(choice, predictor.items.column), reach_of(choice.classes)

    def make(examples: Examples, progress: Progress) -> Made:
        block = predictor.predict(examples, progress)
        known = np.isfinite(block.distances) | block.unlike
        counts = Counter({_UNLIKE: int(block.unlike.sum()), _COMPARED: int(known.sum())})
        reasons = Counter(reason_and_detail(why)[0] for why in block.reasons if why)
        return Made(_batch(block, reach, schema), counts, reasons)

    return make


def _schema(choice: Choice, item_column: str) -> pa.Schema:
    reach = reach_of(choice.classes)
    made_by = {
        "w2s_mol": __version__,
        "dataset": choice.keys["dataset"],
        "weak": choice.weak,
        "strong": choice.keys["strong"],
        "use": choice.use,
        "splits": len(choice.kept),
        **{f"class_{label}": word for label, word in enumerate(choice.classes or ())},
    }
    fields = [pa.field(item_column, pa.string()), *_BEFORE, *reach.fields, *_AFTER]
    return pa.schema(fields, metadata={name: str(value) for name, value in made_by.items()})


def _batch(block: Block, reach: Reach, schema: pa.Schema) -> pa.RecordBatch:
    columns: list[Any] = [
        pa.array(block.smiles, pa.string()),
        *map(nulls, (block.predictions, block.spreads)),
        *reach.columns(block.predictions, block.half_width),
        nulls(block.distances),
        pa.array(block.unlike, mask=np.isnan(block.distances) & ~block.unlike),
        pa.array(block.reasons, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
