"""``w2s-mol pretrain-strong``: a strong encoder of one's own, at any size up to MolBERT's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.cli import options, pretraining

app = options.new_app()


@app.command()
def pretrain(
    context: typer.Context,
    hidden: Annotated[int, typer.Option(help="Hidden size; MolBERT has 768.")] = 256,
    layers: Annotated[int, typer.Option(help="Transformer layers; MolBERT has 12.")] = 6,
    heads: Annotated[
        int, typer.Option(help="Attention heads; they divide the hidden size. MolBERT has 12.")
    ] = 8,
    corpus: pretraining.Corpus = pretraining.GUACAMOL,
    valid_corpus: pretraining.ValidCorpus = None,
    molecules: pretraining.Molecules = None,
    valid_molecules: pretraining.ValidMolecules = 4000,
    renumberings: pretraining.Renumberings = 2,
    max_length: pretraining.MaxLength = 128,
    max_atoms: options.MaxAtoms = options.MAX_ATOMS,
    exclude_evaluation: pretraining.ExcludeEvaluation = False,
    workers: pretraining.Workers = None,
    epochs: pretraining.Epochs = 10,
    batch_size: pretraining.BatchSize = 128,
    learning_rate: pretraining.LearningRate = None,
    dropout: pretraining.Dropout = 0.0,
    objectives: pretraining.Objectives = "mlm,descriptors",
    precision: pretraining.Precision = "auto",
    seed: Annotated[int, typer.Option(help="Of the initial weights.")] = 0,
    order_seed: pretraining.OrderSeed = 0,
    output_dir: Annotated[
        Path,
        typer.Option("--output-dir", "-o", help="Gets the folder strong-hSIZE-lLAYERS-sSEED."),
    ] = Path("encoders"),
    resume: pretraining.Resume = False,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Pretrain a strong encoder, for those without MolBERT's weights or with another corpus.

    The training of pretrain-weak at another size. MolBERT's own is --hidden 768 --layers 12
    --heads 12 --objectives mlm,descriptors,pairs. Weights are saved in files below 16 MB.

    Example: w2s-mol pretrain-strong --hidden 256 --layers 6 --corpus my.smi --epochs 4
    """
    from w2s_mol.pretraining.settings import EncoderSettings

    settings = EncoderSettings(hidden, layers, heads, learning_rate, dropout, seed)
    pretraining.train(context, {f"strong-h{hidden}-l{layers}-s{seed}": settings})
