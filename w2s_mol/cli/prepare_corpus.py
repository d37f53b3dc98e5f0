"""``w2s-mol prepare-corpus``: a SMILES corpus made ready for pretraining, once for all encoders."""

from __future__ import annotations

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.pretraining.config import CorpusConfig

app = new_app()


@app.command()
def prepare_corpus(
    config: CorpusConfig,
    workers: options.Workers = None,
    mirror: options.Mirror = None,
    offline: options.Offline = False,
) -> None:
    """Prepare a corpus: validated, standardised, renumbered, tokenised, 200 descriptors each.

    pretrain-weak and pretrain-strong do this by themselves and find what is prepared. It can be
    stopped and goes on at the shard where it was; more --molecules later add shards.

    Example: w2s-mol prepare-corpus --corpus my.smi.zst --exclude-evaluation
    """
    from w2s_mol.pretraining.pretrain import prepare

    with output.progress_bars() as progress:
        prepared = prepare(
            config,
            workers=workers,
            mirror=mirror,
            offline=offline,
            progress=progress,
            announce=output.note,
        )
    output.result(f"{len(prepared):,} molecules; account: {prepared.account}")
