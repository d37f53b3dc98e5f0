"""``w2s-mol predict``: what a run's models say of a library of molecules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.datasets.rules import Delimiter, SmilesColumn, TextColumn
from w2s_mol.option import Option
from w2s_mol.shards.share import SIZE, Share

app = new_app()


@app.command()
def predict(
    library: Annotated[
        str,
        typer.Argument(
            metavar="LIBRARY",
            help="A table (CSV, TSV, .smi, SDF, Parquet, .xlsx), a folder of them, or an address "
            "of either that fsspec knows (s3://...).",
        ),
    ],
    run: options.TheRun,
    output_file: Annotated[
        Path,
        Option(
            "Where to write: one file, or a folder for a Parquet file a shard.",
            metavar="OUT.parquet|OUT.csv|FOLDER",
            long="--output",
            short="-o",
        ),
    ],
    dataset: options.OfDataset = None,
    weak: options.OfWeak = "recommended",
    strong: options.OfStrong = None,
    use: options.OfUse = "recommended",
    labels: options.OfLabels = None,
    smiles_column: SmilesColumn = "smiles",
    text_column: TextColumn = None,
    delimiter: Delimiter = None,
    device: options.Device = "auto",
    mirror: options.Mirror = None,
    offline: options.Offline = False,
    workers: options.ShardWorkers = None,
    cluster: options.Cluster = None,
    shard_rows: options.ShardRows = SIZE,
    shard: options.OfShards = None,
    merge: options.Merge = None,
) -> None:
    """Predict labels of a library of molecules with the models of a run.

    Writes the columns smiles (or text), prediction (mean over the splits' models), spread (their
    standard deviation), lower and upper (a 90 % interval from what was missed on validation
    molecules), distance (from the nearest training molecule, as a percentile among these), unlike
    (beyond the 99th, or a number of it is ten standard deviations from those learnt from) and
    reason (why there is no prediction), in the order of the library, by all cores. Memory does not
    grow with it. Stopped or killed, the same command goes on.

    Of classes, prediction is the probability of class 1, and for lower and upper there are class
    (the likelier one) and prediction_set (the classes that cannot be ruled out: one of them, 'A or
    B', or 'none').

    Example: w2s-mol predict library.csv --run runs/lipop -o predicted.parquet
    """
    from w2s_mol.prediction.library import items_of_run, library_column, open_predictor, the_run
    from w2s_mol.shards.output import How, check_output
    from w2s_mol.shards.predicting import KINDS, Opening, predict_library
    from w2s_mol.shards.remote import here
    from w2s_mol.shards.workers import default_workers

    check_output(output_file, Path(library), merge, KINDS)
    share = Share.parse(shard) if shard else None
    found = the_run(run)
    items = items_of_run(found)
    column = library_column(found, smiles_column, text_column)
    opening = Opening(run, device, items, mirror, offline)
    with output.progress_bars() as progress:
        finder = opening.finder(progress)
        predictor = open_predictor(
            found, dataset=dataset, weak=weak, strong=strong, use=use, labels=labels, finder=finder
        )
    output.note(predictor.choice.words)
    asked = options.crew(workers, cluster, default_workers(device))
    with output.progress_bars() as progress, here(library, progress) as table:
        written = predict_library(
            table, predictor, output_file, column, progress, delimiter,
            how=How(asked, shard_rows, share, merge), opening=opening,
        )  # fmt: skip
    missing = sum(written.reasons.values())
    unlike = "none compared with" if written.unlike is None else f"{written.unlike:,} unlike"
    output.note(
        f"{written.rows:,} rows written to {output_file}; {missing:,} of them without a "
        f"prediction, {unlike} the training {items.name}."
    )
    output.note_counts(written.reasons)
    output.note_missing(output_file, written.missing)
    output.note(predictor.promise)
