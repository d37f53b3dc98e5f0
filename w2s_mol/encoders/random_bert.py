"""Encoders of the family that were never trained: null controls, and named as such.

``random-h32-s0`` has the shape of a weak encoder (2 layers, 2 heads) and weights drawn with seed 0;
``random-h256-l6-s0`` has 6 layers, and a head for every 64 hidden units as MolBERT has. Their
scales are those at which such nets do best untrained. ``random-bert-h32-s0`` is drawn as BERT draws
its own: an encoder before its first step of pretraining, which hardly sees the atoms.
"""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from w2s_mol import files, kept
from w2s_mol.encoders.folder import METADATA
from w2s_mol.errors import InputError
from w2s_mol.manifest import versions

if TYPE_CHECKING:
    from transformers import BertModel


@dataclass(frozen=True)
class Scales:
    """How large the weights of an untrained encoder are.

    Attributes
    ----------
    words
        Standard deviation of the embeddings of tokens; those of positions have a root mean square
        of 0.7 at scale 1. Embeddings are normalised, so that only the ratio of both counts.
    positions
        Factor of the table of positions.
    attention, feed_forward
        Standard deviation of the weights of a layer's attention and of its two other maps, in units
        of 1 / sqrt(inputs), at which a map leaves the size of what it maps as it is.
    """

    words: float = 1.0
    positions: float = 1.0
    attention: float = 1.0
    feed_forward: float = 1.0


FAMILY = "random"
BERT_FAMILY = "random-bert"
SCALES: dict[str, Scales | None] = {
    FAMILY: Scales(positions=0.1, attention=0.5, feed_forward=0.25),
    BERT_FAMILY: None,
}
"""By family: one for all sizes and datasets, the best of ``benchmarks/untrained.py``.

None leaves BERT's own: every weight has a standard deviation of 0.02.
"""

_FORMAT = 3
"""Raised when a name stands for other weights than before."""
_NAME = re.compile(rf"({BERT_FAMILY}|{FAMILY})-h(\d+)(?:-l(\d+))?-s(\d+)")


def is_random(name: str) -> bool:
    """Say whether a name is that of an encoder that was never trained."""
    return _NAME.fullmatch(name) is not None


def random_family(name: str) -> str:
    """Return the family of such a name."""
    return _found(name)[1]


def with_next_seed(name: str) -> str:
    """Return the name of the same encoder with the next seed."""
    begun, _, seed = name.rpartition("s")
    return f"{begun}s{int(seed) + 1}"


def content_key(name: str) -> str:
    """Return a hash of what such a name stands for.

    What a seed gives is torch's and transformers' to say, so each pair of versions has its own.
    """
    scales = SCALES[random_family(name)]
    drawn_by = [_FORMAT, versions("torch", "transformers"), scales and asdict(scales)]
    return files.sha256_json([drawn_by, name])


def random_folder(name: str) -> Path:
    """Return the folder of an encoder that was never trained, made on first use.

    Raises
    ------
    InputError
        If the hidden size cannot be divided among the heads.
    """
    shape, scales = shape_of(name), SCALES[random_family(name)]
    entry = kept.Entry("random", content_key(name))

    def save(model: BertModel, folder: Path) -> None:
        from w2s_mol.encoders.smiles_bert import save_encoder

        save_encoder(model, folder, _card(name, shape, scales))
        made = {
            "hidden": shape.hidden,
            "seed": shape.seed,
            "trained": False,
            "scales": scales and asdict(scales),
        }
        (folder / METADATA).write_bytes(files.as_json(made))

    return kept.kept(entry, lambda: untrained(shape, scales), save)


@dataclass(frozen=True)
class Shape:
    """Of an encoder, with the seed of its weights."""

    hidden: int
    layers: int
    heads: int
    seed: int


def shape_of(name: str) -> Shape:
    """Return what a name says.

    Raises
    ------
    InputError
        If the hidden size cannot be divided among the heads, or torch cannot take the seed.
    """
    found = _found(name)
    hidden, layers, seed = int(found[2]), int(found[3] or 2), int(found[4])
    heads = 2 if layers == 2 else max(1, hidden // 64)
    if hidden == 0 or layers == 0 or hidden % math.lcm(2, heads):
        raise InputError(
            f"encoder {name}: hidden size {hidden} with {layers} layers and {heads} heads cannot "
            "be made. Take at least 1 layer and an even hidden size that the heads divide."
        )
    if seed >= 2**63:
        raise InputError(f"encoder {name}: the seed should be less than 2^63.")
    return Shape(hidden, layers, heads, seed)


def untrained(shape: Shape, scales: Scales | None) -> BertModel:
    """Return a model whose weights are drawn with a seed, as BERT's are but for their scales."""
    import torch

    from w2s_mol.encoders.smiles_bert import bert_config, new_bert

    with torch.random.fork_rng():
        torch.manual_seed(shape.seed)
        model = new_bert(bert_config(shape.hidden, shape.layers, shape.heads))
    if scales:
        _rescale(model, scales)
    return model


def _rescale(model: BertModel, scales: Scales) -> None:
    import torch

    drawn = model.config.initializer_range
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.mul_(scales.words / drawn)
        model.embeddings.position_embeddings.weight.mul_(scales.positions)
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear):
                scale = _of_layer(name, scales)
                module.weight.mul_(scale / drawn / math.sqrt(module.in_features))


def _of_layer(name: str, scales: Scales) -> float:
    """Return the scale of a linear map; that of the pooler, which is in no layer, is 1."""
    if name.startswith("pooler."):
        return 1.0
    return scales.attention if ".attention." in name else scales.feed_forward


def _card(name: str, shape: Shape, scales: Scales | None) -> str:
    drawn = (
        "Weights are drawn as BERT draws its own, with a standard deviation of 0.02: beside "
        "positions of 0.7 the net hardly sees which atoms there are."
        if scales is None
        else f"Embeddings of tokens have a standard deviation of {scales.words:g}, the table of "
        f"positions is multiplied by {scales.positions:g}, and weights have one of "
        f"{scales.attention:g} (attention) and {scales.feed_forward:g} (feed-forward) times "
        "1 / sqrt(inputs): the scales at which such nets do best untrained, chosen once for all "
        "sizes on validation errors (benchmarks/untrained.py)."
    )
    what = f"Random weights (seed {shape.seed}), never trained: a null control."
    return f"# {name}\n\n{what}\n\n{drawn}\n"


def _found(name: str) -> re.Match[str]:
    found = _NAME.fullmatch(name)
    assert found  # noqa: S101 -- the caller asked is_random
    return found
