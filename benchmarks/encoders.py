"""Reprint the table of the shipped encoders from what is written beside their weights."""

from __future__ import annotations

import json

from safetensors.numpy import load_file

from w2s_mol.encoders.loading import shipped_encoders


def main() -> None:
    print("| encoder | parameters | rate | validation loss | masked tokens | descriptors | time |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, folder in shipped_encoders().items():
        made = json.loads((folder / "w2s_mol.json").read_text(encoding="utf-8"))
        final = made["final"]
        size = sum(tensor.size for tensor in load_file(folder / "model.safetensors").values())
        print(
            f"| `{name}` | {size:,} | {made['learning_rate']:g} | {final['loss']:.3f} "
            f"| {final['mlm']:.3f} | {final['descriptors']:.4f} "
            f"| {made['seconds']:.0f} s |"
        )


if __name__ == "__main__":
    main()
