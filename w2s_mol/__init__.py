"""Molecular weak-to-strong studies: how far a strong model gets past its weak supervisor.

>>> import w2s_mol
>>> encoder = w2s_mol.load_encoder("weak-h32-s0")
>>> encoder.embed(["CCO", "not a molecule"]).valid.tolist()
[True, False]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from w2s_mol._version import __version__

if TYPE_CHECKING:
    from w2s_mol.adaptation.adapt import adapt
    from w2s_mol.datasets.loading import load_dataset
    from w2s_mol.encoders.loading import load_encoder
    from w2s_mol.prediction.fitted import load_model
    from w2s_mol.pretraining.pretrain import pretrain
    from w2s_mol.selection.tables import selection_table
    from w2s_mol.study.run import run_study
    from w2s_mol.sweep.run import run_sweep
    from w2s_mol.synthetic.run import run_synthetic

__all__ = [
    "__version__",
    "adapt",
    "load_dataset",
    "load_encoder",
    "load_model",
    "pretrain",
    "run_study",
    "run_sweep",
    "run_synthetic",
    "selection_table",
]

_HOMES = {
    "adapt": "w2s_mol.adaptation.adapt",
    "load_dataset": "w2s_mol.datasets.loading",
    "load_encoder": "w2s_mol.encoders.loading",
    "load_model": "w2s_mol.prediction.fitted",
    "pretrain": "w2s_mol.pretraining.pretrain",
    "run_study": "w2s_mol.study.run",
    "run_sweep": "w2s_mol.sweep.run",
    "run_synthetic": "w2s_mol.synthetic.run",
    "selection_table": "w2s_mol.selection.tables",
}


def __getattr__(name: str) -> Any:
    # Imported on first use: --help and --version must not wait for torch and rdkit.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
