"""Predictions of a library to a file, as they come."""

from __future__ import annotations

import math
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
from w2s_mol.heads.linear import Array
from w2s_mol.prediction.choosing import Choice
from w2s_mol.prediction.library import Block

_COLUMNS = pa.schema(
    [
        pa.field("prediction", pa.float64()),
        pa.field("spread", pa.float64()),
        pa.field("lower", pa.float64()),
        pa.field("upper", pa.float64()),
        pa.field("distance", pa.float64()),
        pa.field("unlike", pa.bool_()),
        pa.field("reason", pa.string()),
    ]
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

    The columns are that of the items, ``prediction``, ``spread``, ``lower``, ``upper``,
    ``distance``, ``unlike`` and ``reason``; numbers are null where there is none. What
    predicts is said in the metadata of Parquet.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    schema = pa.schema([pa.field(item_column, pa.string()), *_COLUMNS])
    rows = unlike = compared = 0
    reasons = Counter[str]()
    with files.atomic_path(path) as temporary, _writer(path, temporary, choice, schema) as writer:
        for block in blocks:
            writer.write_batch(_batch(block, schema))
            rows += len(block)
            unlike += int(block.unlike.sum())
            compared += int((np.isfinite(block.distances) | block.unlike).sum())
            reasons.update(reason_and_detail(why)[0] for why in block.reasons if why)
    return Written(rows, unlike if compared else None, dict(reasons.most_common()))


def _writer(
    path: Path, temporary: Path, choice: Choice, schema: pa.Schema
) -> AbstractContextManager[Any]:
    if path.suffix == ".csv":
        return pa_csv.CSVWriter(temporary, schema)  # type: ignore[no-any-return]
    made_by = {
        "w2s_mol": __version__,
        "dataset": choice.keys["dataset"],
        "weak": choice.weak,
        "strong": choice.keys["strong"],
        "use": choice.use,
        "splits": len(choice.kept),
    }
    metadata = {name: str(value) for name, value in made_by.items()}
    described = schema.with_metadata(metadata)
    return pq.ParquetWriter(temporary, described, compression="zstd", write_page_checksum=True)  # type: ignore[no-any-return]


def _batch(block: Block, schema: pa.Schema) -> pa.RecordBatch:
    bounded = math.isfinite(block.half_width)
    half = np.full(len(block), block.half_width if bounded else np.nan)
    lower, upper = block.predictions - half, block.predictions + half
    numbers = (block.predictions, block.spreads, lower, upper, block.distances)
    columns = [
        pa.array(block.smiles, pa.string()),
        *map(_nulls, numbers),
        pa.array(block.unlike, mask=np.isnan(block.distances) & ~block.unlike),
        pa.array(block.reasons, pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _nulls(numbers: Array) -> pa.Array:
    return pa.array(numbers, from_pandas=True)
