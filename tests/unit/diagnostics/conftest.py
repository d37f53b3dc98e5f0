from collections.abc import Callable
from pathlib import Path

import pytest

from w2s_mol.datasets.builtin import generate
from w2s_mol.diagnostics.config import DiagnosticsConfig
from w2s_mol.diagnostics.pairs import Compared, prepared
from w2s_mol.embeddings.finding import Finder

N = 60


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 60 molecules with computed labels, and a column of other numbers."""
    path = tmp_path_factory.mktemp("diagnosed") / "made.csv"
    rows = [f"{smiles},{label},{i}\n" for i, (smiles, label) in enumerate(generate(N))]
    path.write_text("smiles,y,other\n" + "".join(rows))
    return path


@pytest.fixture(scope="session")
def compared(table: Path) -> Callable[..., Compared]:
    """Return what prepares encoders on these molecules."""

    def make(*, one_pair: bool = False, **given: object) -> Compared:
        config = DiagnosticsConfig(**{"dataset": str(table), "target_column": "y", **given})
        return prepared(config, Finder(config.pooling), one_pair=one_pair)

    return make
