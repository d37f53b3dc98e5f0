"""``w2s-mol encoders``: what can be named as an encoder."""

from __future__ import annotations

from typing import Any

from w2s_mol import files
from w2s_mol.cli import options, output
from w2s_mol.cli.application import new_app
from w2s_mol.cli.tables import Asked
from w2s_mol.encoders.adapted import ADAPTED

app = new_app()


@app.command()
def encoders(
    form: options.Format = "table",
    columns: options.Columns = None,
) -> None:
    """List the encoders that can be named.

    Folders work as well, and hf:NAME_OR_PATH, file:EMBEDDINGS.parquet, python:MODULE:OBJECT, and
    skfp:NAME where scikit-fingerprints is installed.
    """
    from w2s_mol.encoders.adapted import adapted_encoders
    from w2s_mol.encoders.folder import METADATA, folder_metadata
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
            f"BERT {made['hidden']} x {made['layers']}, {made['epochs']} epochs, "
            f"{made['molecules']:,} molecules; shipped"
        )
        rows.append([name, made["hidden"], what])
    for name, folder in adapted_encoders().items():
        rows.append([name, *_adapted(folder_metadata(folder))])
    for name, where in plugin_names().items():
        rows.append([name, None, f"plug-in of {where}"])
    heads = ["encoder", "hidden", "what"]
    output.print_rows(heads, rows, form, goes=["hidden"], asked=Asked(columns))


def _adapted(made: dict[str, Any]) -> list[object]:
    if ADAPTED not in made:
        return [None, "a folder that does not say what it was adapted from"]
    of = made[ADAPTED]
    names = ", ".join([*of["datasets"], *(pool["name"] for pool in of["pools"])])
    marked = "; transductive" if made["transductive"] else ""
    what = f"{of['base']['name']}, {made['epochs']} epochs of {made['molecules']:,} molecules of"
    return [made["hidden"], f"{what} {names}; adapted{marked}"]
