"""What the verbs that pretrain share: carrying a training out and saying what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from w2s_mol.cli import output
from w2s_mol.pretraining.config import PretrainingConfig


def train(config: PretrainingConfig, output_dir: Path, **how: Any) -> None:
    """Pretrain encoders and print the validation loss of each.

    Parameters
    ----------
    config, output_dir, how
        As ``w2s_mol.pretrain`` takes them.
    """
    from w2s_mol.pretraining.devices import is_first_process
    from w2s_mol.pretraining.pretrain import pretrain

    with output.progress_bars() as progress:
        made = pretrain(
            config, output_dir=output_dir, progress=progress, announce=output.note, **how
        )
    if is_first_process():
        for name, account in made.items():
            output.result(f"{output_dir / name}: validation loss {account['final']['loss']:.4f}")
