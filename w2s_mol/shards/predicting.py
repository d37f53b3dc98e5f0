"""Predictions of a library, in memory that does not grow with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from w2s_mol._version import __version__
from w2s_mol.crews.goods import Reads, pictured
from w2s_mol.datasets.examples import Examples
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.datasets.fetch import mirror_here
from w2s_mol.embeddings.finding import NOTHING, Finder
from w2s_mol.encoders.files import encoder_files, seen_from
from w2s_mol.items.contract import Items
from w2s_mol.prediction.choosing import Choice
from w2s_mol.prediction.library import Block, LibraryPredictor, open_predictor, the_run
from w2s_mol.prediction.reach import Reach, nulls, reach_of
from w2s_mol.progress import Progress, silent
from w2s_mol.shards.contract import Made, Maker, Recipe, Work
from w2s_mol.shards.output import CSV, IN_THIS_PROCESS, PARQUET, How, check_output, written
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

    def finder(self, progress: Progress = silent, moved: Mapping[str, str] = NOTHING) -> Finder:
        """Return how encoders are found; some may be called otherwise than the run says."""
        mirror = mirror_here(self.mirror)
        return Finder(None, self.device, self.items, mirror, self.offline, progress, moved)


@dataclass(frozen=True)
class _Opened(Recipe):
    """Models that each process opens."""

    opening: Opening
    choice: tuple[tuple[str, str], ...]
    addresses: tuple[str, ...]

    def open(self) -> Maker:
        folder, place = pictured(), str(self.opening.run)
        moved: dict[str, str] = {}
        if folder is not None:
            moved = {address: seen_from(address, folder) for address in self.addresses}
            place = seen_from(place, folder)
        run, finder = the_run(Path(place)), self.opening.finder(moved=moved)
        return _maker(open_predictor(run, finder=finder, **dict(self.choice)))

    def files(self) -> Reads:
        run = [path for path in sorted(self.opening.run.iterdir()) if path.is_file()]
        found = Reads(named=tuple(path for path in run if not path.name.startswith(".")))
        finder = self.opening.finder()
        for address in self.addresses:
            found += encoder_files(finder.encoded(address).encoder)
        return found


def predict_library(
    library: Path,
    predictor: LibraryPredictor,
    output: Path,
    item_column: str = "smiles",
    progress: Progress = silent,
    delimiter: str | None = None,
    *,
    how: How = IN_THIS_PROCESS,
    opening: Opening | None = None,
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
    how, opening
        By whom and which shards, and how other processes open the models; without that
        it is this one.

    Raises
    ------
    InputError
        If the library cannot be read, has no rows or lacks a column, or the output cannot be
        written.
    """
    check_output(output, library, how.merged, KINDS)
    items, choice = predictor.items, predictor.choice
    source = Source.at(
        library, item_column=item_column, delimiter=delimiter, max_atoms=items.max_atoms
    )
    asked = _asked(choice)
    addresses = tuple(predictor.addresses)
    recipe = _Opened(opening, tuple(asked.items()), addresses) if opening else None
    made_by = {"run": predictor.study, **asked, "items": items.kept_as}
    schema = _schema(choice, items.column)
    work = Work(_maker(predictor), recipe, "predicting", schema, made_by, tuple(predictor.columns))
    told = written(work, source, output, how, progress)
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
