"""Randomly initialised encoders of the family: null controls, named so that no one mistakes them.

``random-h32-s0`` has the shape of a weak encoder (2 layers, 2 heads) and weights drawn with seed 0;
``random-h256-l6-s0`` has 6 layers, and a head for every 64 hidden units as MolBERT has.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

from w2s_mol import files, kept
from w2s_mol.encoders.folder import METADATA
from w2s_mol.errors import InputError
from w2s_mol.manifest import versions

if TYPE_CHECKING:
    from transformers import BertModel

FAMILY = "random"
_FORMAT = 2
"""Raised when a name stands for other weights than before."""
_NAME = re.compile(r"random-h(\d+)(?:-l(\d+))?-s(\d+)")


def is_random(name: str) -> bool:
    """Say whether a name is that of a randomly initialised encoder."""
    return _NAME.fullmatch(name) is not None


def content_key(name: str) -> str:
    """Return a hash of what such a name stands for.

    What a seed gives is torch's and transformers' to say, so each pair of versions has its own.
    """
    return files.sha256_json([[_FORMAT, versions("torch", "transformers")], name])


def random_folder(name: str) -> Path:
    """Return the folder of a randomly initialised encoder, made on first use.

    Raises
    ------
    InputError
        If the hidden size cannot be divided among the heads.
    """
    hidden, layers, heads, seed = _shape(name)
    entry = kept.Entry("random", content_key(name))

    def save(model: BertModel, folder: Path) -> None:
        from w2s_mol.encoders.smiles_bert import save_encoder

        card = f"# {name}\n\nRandom weights (seed {seed}), never trained: a null control.\n"
        save_encoder(model, folder, card)
        made = {"hidden": hidden, "seed": seed, "trained": False}
        (folder / METADATA).write_bytes(files.as_json(made))

    return kept.kept(entry, lambda: _make(hidden, layers, heads, seed), save)


def _shape(name: str) -> tuple[int, int, int, int]:
    found = _NAME.fullmatch(name)
    assert found  # noqa: S101 -- the caller asked is_random
    hidden, layers, seed = int(found[1]), int(found[2] or 2), int(found[3])
    heads = 2 if layers == 2 else max(1, hidden // 64)
    if hidden == 0 or layers == 0 or hidden % math.lcm(2, heads):
        raise InputError(
            f"encoder {name}: hidden size {hidden} with {layers} layers and {heads} heads cannot "
            "be made. Take at least 1 layer and an even hidden size that the heads divide."
        )
    if seed >= 2**63:
        raise InputError(f"encoder {name}: the seed should be less than 2^63.")
    return hidden, layers, heads, seed


def _make(hidden: int, layers: int, heads: int, seed: int) -> BertModel:
    import torch

    from w2s_mol.encoders.smiles_bert import bert_config, new_bert

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return new_bert(bert_config(hidden, layers, heads))
