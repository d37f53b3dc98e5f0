"""Predictions of a library to a file, as they come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.datasets.faults import reason_and_detail
from w2s_mol.errors import InputError
from w2s_mol.prediction.choosing import Choice
from w2s_mol.prediction.library import Block
from w2s_mol.prediction.reach import Reach, nulls, reach_of

_BEFORE = (pa.field("prediction", pa.float64()), pa.field("spread", pa.float64()))
_AFTER = (
    pa.field("distance", pa.float64()),
    pa.field("unlike", pa.bool_()),
    pa.field("reason", pa.string()),
)


@dataclass(frozen=True)
class Written:
    """How many rows were written, how many are unlike, and why others have no prediction.

    ``unlike`` is None where no row could be compared with training molecules.
    """

    rows: int
    unlike: int | None
    reasons: dict[str, int] = field(default_factory=dict)


def check_output(path: Path, library: Path) -> None:
    """Raise InputError if predictions cannot be written there, before anything is computed."""
    if path.suffix not in (".parquet", ".csv"):
        raise InputError(f"{path} should end in .parquet or .csv, which says what is written.")
    if path.exists() and library.exists() and path.samefile(library):
        raise InputError(f"{path} is the library itself. Choose another output.")


def write_predictions(
    path: Path, blocks: Iterable[Block], choice: Choice, item_column: str = "smiles"
) -> Written:
    """Write predictions to a Parquet or CSV file atomically.

    The columns are that of the items, ``prediction``, ``spread``, those that say how far the label
    may be from the prediction (``lower`` and ``upper``; of classes ``class`` and
    ``prediction_set``), ``distance``, ``unlike`` and ``reason``; what is not known is null. What
    predicts, and which word is which class, is said in the metadata of Parquet.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    reach = reach_of(choice.classes)
    schema = pa.schema([pa.field(item_column, pa.string()), *_BEFORE, *reach.fields, *_AFTER])
    rows = unlike = compared = 0
    reasons = Counter[str]()
    with files.atomic_path(path) as temporary, _writer(path, temporary, schema, choice) as writer:
        for block in blocks:
            writer.write_batch(_batch(block, reach, schema))
            rows += len(block)
            unlike += int(block.unlike.sum())
            compared += int((np.isfinite(block.distances) | block.unlike).sum())
            reasons.update(reason_and_detail(why)[0] for why in block.reasons if why)
    return Written(rows, unlike if compared else None, dict(reasons.most_common()))


def _writer(
    path: Path, temporary: Path, schema: pa.Schema, choice: Choice
) -> AbstractContextManager[Any]:
    if path.suffix == ".csv":
        return pa_csv.CSVWriter(temporary, schema)  # type: ignore[no-any-return]
    classes = enumerate(choice.classes or ())
    made_by = {
        "w2s_mol": __version__,
        "dataset": choice.keys["dataset"],
        "weak": choice.weak,
        "strong": choice.keys["strong"],
        "use": choice.use,
        "splits": len(choice.kept),
        **{f"class_{label}": word for label, word in classes},
    }
    metadata = {name: str(value) for name, value in made_by.items()}
    return pq.ParquetWriter(  # type: ignore[no-any-return]
        temporary, schema.with_metadata(metadata), compression="zstd", write_page_checksum=True
    )


def _batch(block: Block, reach: Reach, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        pa.array(block.smiles, pa.string()),
        *map(nulls, (block.predictions, block.spreads)),
        *reach.columns(block.predictions, block.half_width),
        nulls(block.distances),
        pa.array(block.unlike, mask=np.isnan(block.distances) & ~block.unlike),
        pa.array(block.reasons, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
