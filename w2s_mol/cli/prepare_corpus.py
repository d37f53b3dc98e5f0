"""``w2s-mol prepare-corpus``: a SMILES corpus made ready for pretraining, once for all encoders."""

from __future__ import annotations

import typer

from w2s_mol.cli import options, output, pretraining

app = options.new_app()


@app.command()
def prepare(
    context: typer.Context,
    corpus: pretraining.Corpus = pretraining.GUACAMOL,
    molecules: pretraining.Molecules = None,
    renumberings: pretraining.Renumberings = 2,
    max_length: pretraining.MaxLength = 128,
    max_atoms: options.MaxAtoms = options.MAX_ATOMS,
    exclude_evaluation: pretraining.ExcludeEvaluation = False,
    workers: pretraining.Workers = None,
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    debug: options.Debug = False,
) -> None:
    """Prepare a corpus: validated, standardised, renumbered, tokenised, 200 descriptors each.

    pretrain-weak and pretrain-strong do this by themselves and find what is prepared. It can be
    stopped and goes on at the shard where it was; more --molecules later add shards.

    Example: w2s-mol prepare-corpus --corpus my.smi.zst --exclude-evaluation
    """
    choice = pretraining.chosen(pretraining.CorpusChoice, context)
    corpus_file, _ = pretraining.corpus_files(choice)
    prepared = pretraining.prepare(corpus_file, choice, pretraining.molecules_to_leave_out(choice))
    output.result(f"{len(prepared):,} molecules; account: {prepared.account}")
