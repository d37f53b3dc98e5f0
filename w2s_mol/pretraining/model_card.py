"""The model card of a pretrained encoder: how it was made and how to use it."""

from __future__ import annotations

from typing import Any

from w2s_mol.pretraining.objectives import IN_WORDS, Objectives

ABSENT = "corpus_holds_no_molecule_of"
"""In the metadata: datasets that the whole corpus was compared with after the training."""


def model_card(name: str, made: dict[str, Any]) -> str:
    """Return the README of an encoder's folder.

    Parameters
    ----------
    name
        The encoder's name.
    made
        Its metadata, as written to ``w2s_mol.json``.
    """
    final, objectives = made["final"], Objectives(**made["objectives"])
    parts = ", ".join(f"{IN_WORDS[name]} {final[name]:.5f}" for name in objectives.used())
    left_out = _left_out(made)
    processes = made["processes"]
    device = made["device"] + (f", {processes} processes" if processes > 1 else "")
    others = ", ".join(made["trained_beside"])
    beside = f", together with {others}" if others else ""
    return f"""---
library_name: transformers
tags: [chemistry, smiles, bert]
---
# {name}

A SMILES encoder of MolBERT's family, pretrained by w2s-mol {made["w2s_mol"]} for weak-to-strong
studies: BERT with {made["layers"]} layers, {made["heads"]} heads, hidden size {made["hidden"]}, and
MolBERT's fixed (not learned) positions and 42 tokens.

| how it was made | |
| --- | --- |
| corpus | {made["corpus"]}, {made["molecules"]:,} molecules, sha256 `{made["corpus_sha256"]}` |
| left out | {left_out} |
| objectives | {objectives.in_words()} |
| epochs, steps | {made["epochs"]}, {made["steps"]:,} |
| batch, learning rate | {made["batch_size"]}, {made["learning_rate"]:g} (AdamW, linear, warm-up \
{made["warmup"]:.0%}, weight decay {made["weight_decay"]:g}, dropout {made["dropout"]:g}, \
{made["precision"]}) |
| seeds | {made["seed"]} of the weights, {made["order_seed"]} of the order and the masks |
| validation loss | {final["loss"]:.4f}; {parts}; on {made["validation_molecules"]:,} molecules of \
{made["validation_corpus"]} |
| hardware, time | {device}, {made["seconds"]:,.0f} s{beside} |

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


def _left_out(made: dict[str, Any]) -> str:
    left_out, absent = made["molecules_left_out_of"], made.get(ABSENT, [])
    if left_out:
        return f"the molecules of {', '.join(left_out)}"
    if absent:
        return f"nothing; no molecule of {', '.join(absent)} is in the corpus, whatever its stereo"
    return "no evaluation molecule was looked for"
