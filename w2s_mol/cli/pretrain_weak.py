"""``w2s-mol pretrain-weak``: weak encoders from a SMILES corpus, all of them in one pass."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.cli import options, pretraining
from w2s_mol.errors import InputError

app = options.new_app()
_ALL = "all"


@app.command()
def pretrain(
    context: typer.Context,
    hidden: Annotated[
        list[str],
        typer.Option(
            metavar="SIZE",
            help="Hidden size; repeatable. 'all': the paper's 8, 12, 16, 24, 32, 48, 64, 96.",
        ),
    ],
    corpus: pretraining.Corpus = pretraining.GUACAMOL,
    valid_corpus: pretraining.ValidCorpus = None,
    molecules: pretraining.Molecules = None,
    valid_molecules: pretraining.ValidMolecules = 4000,
    renumberings: pretraining.Renumberings = 2,
    max_length: pretraining.MaxLength = 128,
    max_atoms: options.MaxAtoms = options.MAX_ATOMS,
    exclude_evaluation: pretraining.ExcludeEvaluation = False,
    workers: pretraining.Workers = None,
    epochs: pretraining.Epochs = 2,
    layers: Annotated[int, typer.Option(help="Transformer layers.")] = 2,
    heads: Annotated[int, typer.Option(help="Attention heads; they divide the hidden size.")] = 2,
    batch_size: pretraining.BatchSize = 128,
    learning_rate: pretraining.LearningRate = None,
    dropout: pretraining.Dropout = 0.0,
    objectives: pretraining.Objectives = "mlm,descriptors",
    precision: pretraining.Precision = "auto",
    seed: pretraining.Seeds = None,
    order_seed: pretraining.OrderSeed = 0,
    output_dir: Annotated[
        Path,
        typer.Option("--output-dir", "-o", help="Gets one folder an encoder, weak-hSIZE-sSEED."),
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
    """Pretrain weak encoders side by side: masked tokens and 200 descriptors, as MolBERT was.

    The corpus is prepared once for all encoders and kept. Each encoder becomes a folder that
    transformers' AutoModel loads, with a model card of how it was made; it is what it would be if
    trained alone.

    Example: w2s-mol pretrain-weak --hidden 8 --hidden 32 --corpus guacamol
    """
    from w2s_mol.pretraining.settings import EncoderSettings

    encoders = {
        f"weak-h{size}-s{one_seed}": EncoderSettings(
            size, layers, heads, learning_rate, dropout, one_seed
        )
        for size in _sizes(hidden)
        for one_seed in seed or [0]
    }
    pretraining.train(context, encoders)


def _sizes(hidden: list[str]) -> list[int]:
    from w2s_mol.pretraining.settings import PAPER_HIDDEN_SIZES

    sizes: list[int] = []
    for text in hidden:
        if text == _ALL:
            sizes += PAPER_HIDDEN_SIZES
            continue
        try:
            sizes.append(int(text))
        except ValueError:
            raise InputError(f"hidden size {text!r} should be a whole number, or 'all'.") from None
    return list(dict.fromkeys(sizes))
