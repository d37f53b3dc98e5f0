"""What a run's opened models say of a whole table, in memory."""

from __future__ import annotations

from pathlib import Path

from w2s_mol.embeddings.library import Library, examples_of
from w2s_mol.prediction.library import Block, LibraryPredictor


def predicted(predictor: LibraryPredictor, table: Path) -> Block:
    """Return predictions of all rows of a table."""
    with Library(table).rows(predictor.columns) as rows:
        return predictor.predict(examples_of(list(rows), predictor.columns))
