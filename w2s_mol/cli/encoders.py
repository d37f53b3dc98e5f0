"""``w2s-mol encoders``: what can be named as an encoder."""

from __future__ import annotations

from w2s_mol import files
from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app

app = new_app()


@app.command()
def encoders(
    form: options.Format = "table",
) -> None:
    """List the encoders that can be named.

    Folders work as well, and hf:NAME_OR_PATH, file:EMBEDDINGS.parquet, python:MODULE:OBJECT, and
    skfp:NAME where scikit-fingerprints is installed.
    """
    from w2s_mol.encoders.folder import METADATA
    from w2s_mol.encoders.names import plugin_names, shipped_encoders, shipped_strong_encoders

    rows: list[list[object]] = [
        ["rdkit2d", None, "200 normalised RDKit descriptors; no weights"],
        ["ecfp", None, "2048 counts of circular substructures; no weights"],
        ["molbert", 768, "BERT 768 x 12, 100 epochs of GuacaMol; fetched on first use"],
    ]
    rows.append(
        ["random-h32-s0", None, "random weights, of any hidden size and seed; null controls"]
    )
    rows.append(
        ["random-bert-h32-s0", None, "the same as BERT is initialised: hardly sees the atoms"]
    )
    for name, folder in {**shipped_encoders(), **shipped_strong_encoders()}.items():
        made = files.read_json(folder / METADATA)
        what = (
            f"BERT {made['hidden']} x {made['layers']}, {made['epochs']} epochs of "
            f"{made['molecules']:,} molecules; shipped"
        )
        rows.append([name, made["hidden"], what])
    for name, where in plugin_names().items():
        rows.append([name, None, f"plug-in of {where}"])
    output.print_rows(["encoder", "hidden", "what"], rows, form)
