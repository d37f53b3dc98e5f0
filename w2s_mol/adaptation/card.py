"""The model card of an adapted encoder: of what and on what it was made, and how to use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from w2s_mol.encoders.adapted import ADAPTED, SEEN
from w2s_mol.pretraining.objectives import IN_WORDS, Objectives


def adapted_card(name: str, made: Mapping[str, Any]) -> str:
    """Return the README of an adapted encoder's folder.

    Parameters
    ----------
    name
        The encoder's name.
    made
        Its metadata, as written to ``w2s_mol.json``.
    """
    of = made[ADAPTED]
    objectives = Objectives(**made["objectives"])
    losses = "; ".join(
        f"{IN_WORDS[name]} {made['final'][name]:.5f}, {made['before'][name]:.5f} with the encoder "
        "left as it was"
        for name in objectives.used()
    )
    return f"""---
library_name: transformers
tags: [chemistry, smiles, bert]
---
# {name}

`{of["base"]["name"]}`, trained further by w2s-mol {made["w2s_mol"]} on the molecules of a task
without their labels (generative finetuning; Burns et al. 2023). {_who(made["transductive"])}

| how it was made | |
| --- | --- |
| adapted from | {of["base"]["name"]}, fingerprint `{of["base"]["fingerprint"]}` |
{_sources(of)}
| molecules learned | {made["molecules"]:,}, listed in `{SEEN}` |
| objectives | {objectives.in_words()} |
| epochs, steps | {made["epochs"]}, {made["steps"]:,}, after {of["head_epochs"]} \
epochs of the heads alone |
| batch, learning rate | {made["batch_size"]}, {made["learning_rate"]:g} (AdamW, linear, warm-up \
{made["warmup"]:.0%}, weight decay {made["weight_decay"]:g}, dropout {made["dropout"]:g}, \
{made["precision"]}) |
| seed | {made["order_seed"]} of the order and the masks |
| losses | {losses}; on {made["validation_molecules"]:,} {of["held_out"]} |
| hardware, time | {made["device"]}, {made["seconds_of_heads"] + made["seconds"]:,.0f} s |

It reads SMILES in MolBERT's standard form (kekulé, not aromatic). With w2s-mol that is done for
you:

```python
import w2s_mol

w2s_mol.load_encoder("PATH/{name}").embed(["CCO", "c1ccccc1"]).embeddings
```
"""


def _who(transductive: bool) -> str:
    if transductive:
        return (
            "It is transductive: test molecules were among them, and its name says so in every "
            "result."
        )
    return "Molecules that are in a test part of any split were left out."


def _sources(of: Mapping[str, Any]) -> str:
    rows = [
        f"| dataset {name} | {one['molecules']:,} molecules, sha256 `{one['sha256']}`, splits "
        f"{', '.join(one['splits'])} |"
        for name, one in of["datasets"].items()
    ]
    rows += [f"| pool {one['name']} | sha256 `{one['sha256']}` |" for one in of["pools"]]
    return "\n".join(rows)
