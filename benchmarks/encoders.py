"""Reprint the table of the shipped weak encoders from what is written beside their weights."""

from __future__ import annotations

from itertools import groupby

from safetensors.numpy import load_file

from w2s_mol.encoders.names import shipped_encoders, shipped_metadata


def main() -> None:
    print("| encoders | parameters | rate | masked tokens | descriptors |")
    print("| --- | ---: | ---: | ---: | ---: |")
    folders = shipped_encoders()
    for _, same in groupby(shipped_metadata(), key=lambda made: int(made["hidden"])):
        seeds = list(same)
        weights = load_file(folders[seeds[0]["name"]] / "model.safetensors")
        others = "".join(f", `-s{made['seed']}`" for made in seeds[1:])
        names = f"`{seeds[0]['name']}`{others}"
        size = sum(tensor.size for tensor in weights.values())
        mlm = ", ".join(f"{made['final']['mlm']:.3f}" for made in seeds)
        descriptors = ", ".join(f"{made['final']['descriptors']:.4f}" for made in seeds)
        rate = seeds[0]["learning_rate"]
        print(f"| {names} | {size:,} | {rate:.3g} | {mlm} | {descriptors} |")


if __name__ == "__main__":
    main()
