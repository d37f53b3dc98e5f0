"""``w2s-mol pretrain-weak``: weak encoders from a SMILES corpus, all of them in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from w2s_mol.cli import options, pretraining
from w2s_mol.cli.application import new_app
from w2s_mol.pretraining.config import WeakConfig

app = new_app()


@app.command()
def pretrain(
    config: WeakConfig,
    output_dir: Annotated[
        Path, options.output_dir("Gets one folder an encoder, weak-hSIZE-sSEED.")
    ] = Path("encoders"),
    resume: options.Resume = False,
    device: options.Device = "auto",
    workers: options.Workers = None,
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Pretrain weak encoders side by side: masked tokens and 200 descriptors, as MolBERT was.

    The corpus is prepared once for all encoders and kept. Each encoder becomes a folder that
    transformers' AutoModel loads, with a model card of how it was made; it is what it would be if
    trained alone.

    Example: w2s-mol pretrain-weak --hidden 8 --hidden 32 --corpus guacamol
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
