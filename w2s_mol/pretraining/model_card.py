"""The model card of a pretrained encoder: how it was made and how to use it."""

from __future__ import annotations

from typing import Any

METADATA = "w2s_mol.json"
"""The file in an encoder's folder that says how it was made; it marks the folder as finished."""


def model_card(name: str, made: dict[str, Any]) -> str:
    """Return the README of an encoder's folder.

    Parameters
    ----------
    name
        The encoder's name.
    made
        Its metadata, as written to ``w2s_mol.json``.
    """
    final = made["final"]
    return f"""---
library_name: transformers
license: mit
tags: [chemistry, smiles, bert]
---
# {name}

A SMILES encoder of MolBERT's family, pretrained by w2s-mol {made["w2s_mol"]} as a weak supervisor
for weak-to-strong studies: BERT with {made["layers"]} layers, {made["heads"]} heads, hidden size
{made["hidden"]}, and MolBERT's fixed (not learned) positions and 42 tokens.

| how it was made | |
| --- | --- |
| corpus | {made["corpus"]}, {made["molecules"]:,} molecules, sha256 `{made["corpus_sha256"]}` |
| objectives | masked-language modelling + regression of 200 normalised RDKit descriptors |
| epochs, steps | {made["epochs"]}, {made["steps"]:,} |
| batch, learning rate | {made["batch_size"]}, {made["learning_rate"]:g} (AdamW, linear, warm-up \
{made["warmup"]:.0%}, weight decay {made["weight_decay"]:g}, dropout {made["dropout"]:g}) |
| seed | {made["seed"]} |
| validation loss | {final["valid_loss"]:.4f} = masked tokens {final["valid_mlm_loss"]:.4f} + \
descriptors {final["valid_descriptor_loss"]:.5f}, on {made["validation_molecules"]:,} molecules of \
{made["validation_corpus"]} |
| hardware, time | {made["device"]}, {made["seconds_since_start_or_resume"]:,.0f} s |

It reads SMILES in MolBERT's standard form (kekulé, not aromatic). With w2s-mol that is done for
you:

```python
import w2s_mol
w2s_mol.load_encoder("PATH/{name}").embed(["CCO", "c1ccccc1"]).embeddings
```

With transformers alone, give it standard SMILES:

```python
from transformers import AutoModel, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("PATH/{name}")
model = AutoModel.from_pretrained("PATH/{name}")
model(**tokenizer(["CCO", "C1=CC=CC=C1"], padding=True, return_tensors="pt")).pooler_output
```
"""
