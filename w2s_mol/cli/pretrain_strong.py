"""``w2s-mol pretrain-strong``: a strong encoder of one's own, at any size up to MolBERT's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, pretraining
from w2s_mol.cli.application import new_app
from w2s_mol.pretraining.config import StrongConfig

app = new_app()


@app.command()
def pretrain(
    config: StrongConfig,
    output_dir: Annotated[
        Path, options.output_dir("Gets the folder strong-hSIZE-lLAYERS-sSEED.")
    ] = Path("encoders"),
    resume: options.Resume = False,
    device: options.Device = "auto",
    workers: options.Workers = None,
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Pretrain a strong encoder, for those without MolBERT's weights or with another corpus.

    The training of pretrain-weak at another size. MolBERT's own is --hidden 768 --layers 12
    --heads 12 --objectives mlm,descriptors,pairs. Weights are saved in files below 16 MB.

    Example: w2s-mol pretrain-strong --hidden 256 --layers 6 --corpus my.smi --epochs 4
    """
    pretraining.train(
        config,
        output_dir,
        resume=resume,
        device=device,
        workers=workers,
        mirror=mirror,
        offline=offline,
    )
