"""``w2s-mol embed``: a table of SMILES or texts to a Parquet file of embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.datasets.rules import Delimiter, SmilesColumn, TextColumn
from w2s_mol.molecules.limits import MAX_ATOMS, MaxAtoms, check_max_atoms
from w2s_mol.option import Option
from w2s_mol.shards.share import SIZE, Share

app = new_app()


@app.command()
def embed(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="A table (CSV, TSV, .smi, SDF, Parquet, .xlsx), a folder of them, or an address "
            "of either that fsspec knows (s3://...).",
        ),
    ],
    encoder: Annotated[
        str,
        Option(
            short="-e",
            means="name or path",
            completes="encoders",
            metavar="NAME_OR_PATH",
            help="molbert, rdkit2d, ecfp, a shipped encoder, a folder, hf:NAME[@REVISION], "
            "python:MODULE:OBJECT or skfp:NAME.",
        ),
    ],
    output_file: Annotated[
        Path,
        Option(
            "Where to write: one file, or a folder for a file a shard.",
            metavar="OUT.parquet|FOLDER",
            long="--output",
            short="-o",
        ),
    ],
    pooling: Annotated[
        str | None,
        Option(
            metavar="mean+pooled|mean|pooled|cls|last",
            help="How a transformer makes one vector of a molecule; mean+pooled by default.",
        ),
    ] = None,
    smiles_column: SmilesColumn = "smiles",
    text_column: TextColumn = None,
    delimiter: Delimiter = None,
    max_atoms: MaxAtoms = MAX_ATOMS,
    device: options.Device = "auto",
    precision: options.Arithmetic = "fp32",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    workers: options.ShardWorkers = None,
    cluster: options.Cluster = None,
    shard_rows: options.ShardRows = SIZE,
    shard: options.OfShards = None,
    merge: options.Merge = None,
) -> None:
    """Embed a table of SMILES, or of texts.

    Writes the columns smiles (or text), valid, embedding (a fixed-size list of float32, NaN where
    the item is invalid) and reason, in the order of the table, by all cores. Memory does not grow
    with the file. Stopped or killed, the same command goes on.

    Example: w2s-mol embed library.csv --encoder weak-h96-s0 -o library.parquet
    """
    from w2s_mol.datasets.own_settings import OwnTable
    from w2s_mol.items.registry import items_of
    from w2s_mol.shards.embedding import Loading, embed_table
    from w2s_mol.shards.output import How, check_output
    from w2s_mol.shards.remote import here
    from w2s_mol.shards.workers import default_readers, default_workers

    check_output(output_file, Path(table), merge)
    check_max_atoms(max_atoms)
    share = Share.parse(shard) if shard else None
    # What is said of a table here is what is said of one that is studied.
    own = OwnTable(smiles_column, text_column=text_column)
    items = items_of(text_column, max_atoms)
    loading = Loading(encoder, device, precision, mirror, offline, items)
    with output.progress_bars() as progress:
        found = loading.find(progress)
    output.note(f"{found.name} on {found.place}, {found.precision}")
    for text in found.notes:
        output.note(f"note: {found.name}: {text}.")
    defaults = default_workers(found.place), default_readers(found.place)
    asked = options.crew(workers, cluster, *defaults)
    with output.progress_bars() as progress, here(table, progress) as library:
        done = embed_table(
            library, found, output_file, pooling, own.item_column, progress, delimiter,
            how=How(asked, shard_rows, share, merge), loading=loading,
        )  # fmt: skip
    output.note(
        f"{done.rows:,} rows written to {output_file}; {done.rows - done.valid:,} of them invalid."
    )
    output.note_counts(done.reasons)
    output.note_missing(output_file, done.missing)
