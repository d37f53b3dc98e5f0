"""``w2s-mol pretrain-weak``: weak encoders from a SMILES corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from w2s_mol.cli import options, output
from w2s_mol.errors import InputError

if TYPE_CHECKING:
    from w2s_mol.pretraining.corpus import PreparedCorpus

app = options.new_app()
_ALL = "all"
_GUACAMOL = "guacamol"


@app.command()
def pretrain(
    hidden: Annotated[
        list[str],
        typer.Option(
            metavar="SIZE",
            help="Hidden size; repeatable. 'all': the paper's 8, 12, 16, 24, 32, 48, 64, 96.",
        ),
    ],
    corpus: Annotated[
        str,
        typer.Option(
            metavar="guacamol|FILE",
            help="guacamol (fetched), or a file with one SMILES a line: plain, .gz or .xz.",
        ),
    ] = _GUACAMOL,
    valid_corpus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Molecules for the validation loss. Default: guacamol's own, or every 50th "
            "molecule of the corpus, which is then not trained on.",
        ),
    ] = None,
    molecules: Annotated[
        int | None, typer.Option(min=1, help="Take the first so many lines of the corpus.")
    ] = None,
    valid_molecules: Annotated[int, typer.Option(min=1, help="At most so many of them.")] = 4000,
    epochs: Annotated[int, typer.Option(help="Passes over the corpus.")] = 2,
    layers: Annotated[int, typer.Option(help="Transformer layers.")] = 2,
    heads: Annotated[int, typer.Option(help="Attention heads; they divide the hidden size.")] = 2,
    batch_size: Annotated[int, typer.Option(help="Molecules a step.")] = 128,
    learning_rate: Annotated[float, typer.Option(help="AdamW's, at its highest.")] = 3e-3,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.9, help="MolBERT had 0.1.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of weights, order and masks.")] = 0,
    output_dir: Annotated[
        Path,
        typer.Option("--output-dir", "-o", help="Gets one folder an encoder, weak-hSIZE-sSEED."),
    ] = Path("encoders"),
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that prepare the corpus; one a core.")
    ] = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Pretrain weak encoders: masked tokens and 200 descriptors, as MolBERT was.

    The corpus is prepared once for all encoders and kept. Each encoder becomes a folder that
    transformers' AutoModel loads, with a model card of how it was made.

    Example: w2s-mol pretrain-weak --hidden 8 --hidden 32 --corpus guacamol
    """
    from w2s_mol.pretraining.settings import PretrainingSettings

    settings = [
        PretrainingSettings(
            hidden=size,
            layers=layers,
            heads=heads,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            dropout=dropout,
            seed=seed,
        )
        for size in _sizes(hidden)
    ]
    train_file, valid_file = _files(corpus, valid_corpus, mirror, offline)
    train, valid = _prepare(train_file, valid_file, molecules, valid_molecules, seed, workers)
    from w2s_mol.encoders.transformer import resolve_device
    from w2s_mol.pretraining.training import pretrain_encoder

    resolved = resolve_device(device)
    output.note(f"{len(train):,} molecules to train on, {len(valid):,} to validate, {resolved}")
    for reason, count in train.rejected.items():
        output.note(f"note: {count:,} lines of {train.name} left out: {reason}.")
    for one in settings:
        folder = output_dir / f"weak-h{one.hidden}-s{one.seed}"
        with output.progress_bars() as progress:
            made = pretrain_encoder(one, train, valid, folder, resume, resolved, progress)
        output.result(f"{folder}: validation loss {made['final']['valid_loss']:.4f}")


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


def _files(
    corpus: str, valid_corpus: Path | None, mirror: str | None, offline: bool
) -> tuple[Path, Path | None]:
    if corpus != _GUACAMOL:
        return Path(corpus), valid_corpus
    from w2s_mol.datasets.fetch import fetch

    with output.progress_bars() as progress:
        train, valid, _ = fetch(_GUACAMOL, mirror, offline, progress)
    return train, valid_corpus or valid


def _prepare(
    train_file: Path,
    valid_file: Path | None,
    molecules: int | None,
    valid_molecules: int,
    seed: int,
    workers: int | None,
) -> tuple[PreparedCorpus, PreparedCorpus]:
    from w2s_mol.pretraining.corpus import CorpusSettings, hold_out, prepare_corpus

    with output.progress_bars() as progress:
        train = prepare_corpus(
            train_file, CorpusSettings(molecules=molecules, seed=seed), workers, progress
        )
        if valid_file is None:
            return hold_out(train, valid_molecules)
        # The validation molecules are the same for every seed, so that losses compare.
        valid = prepare_corpus(
            valid_file, CorpusSettings(molecules=valid_molecules), workers, progress
        )
    return train, valid
