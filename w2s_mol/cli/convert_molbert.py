"""``w2s-mol convert-molbert``: a user's own MolBERT checkpoint to a Hugging Face folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app

app = new_app()


@app.command()
def convert(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="MolBERT's checkpoints/last.ckpt.")
    ],
    output_dir: Annotated[Path, options.output_dir("The new encoder's folder.")],
) -> None:
    """Convert a MolBERT checkpoint into a folder that transformers' AutoModel loads.

    None of the checkpoint's pickled code is run. hparams.yaml is read from the folder above the
    checkpoint's, as in MolBERT's release.

    Example: w2s-mol convert-molbert molbert_100epochs/checkpoints/last.ckpt -o molbert-hf
    """
    from w2s_mol.encoders.molbert import convert_molbert

    convert_molbert(checkpoint, output_dir)
    output.note(f"written to {output_dir}. Use it as --strong {output_dir}.")
