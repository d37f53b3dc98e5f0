"""The one family of SMILES encoders here: a plain Hugging Face BERT over MolBERT's tokens.

MolBERT's positions are not learned but a fixed table of sines and cosines, so MolBERT and every
weak encoder are exactly a standard ``BertModel`` whose position table is that one. Saved folders
load with ``AutoModel`` and ``AutoTokenizer``, with no code of this package.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from w2s_mol.molecules.vocabulary import (
    CLS,
    CLS_ID,
    MASK,
    PAD,
    PAD_ID,
    SEP,
    SEP_ID,
    TOKEN_IDS,
    TOKEN_PATTERN,
)

if TYPE_CHECKING:
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

MAX_POSITIONS = 512
_SHARD = "15MB"
"""Repositories and their hosts take files of this size without further ado."""


def fixed_positions(length: int, hidden: int) -> torch.Tensor:
    """Return MolBERT's position table.

    Position ``p`` has the vector ``[sin(p * f), cos(p * f)]``, all sines then all cosines, with
    ``f[k] = 1 / 10000^(2k / hidden)`` for ``k < hidden / 2`` (Vaswani et al. 2017, section 3.5,
    in the layout of Transformer-XL).

    Returns
    -------
    tensor of shape (length, hidden), float32
    """
    frequency = 1 / (10000 ** (torch.arange(0.0, hidden, 2.0) / hidden))
    angle = torch.outer(torch.arange(0.0, length), frequency)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def bert_config(
    hidden: int, layers: int, heads: int, intermediate: int | None = None, dropout: float = 0.0
) -> BertConfig:
    """Return the configuration of an encoder of the family, MolBERT's in all but its size."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=len(TOKEN_IDS),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=intermediate or 4 * hidden,
        hidden_act="gelu",
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        max_position_embeddings=MAX_POSITIONS,
        type_vocab_size=2,
        layer_norm_eps=1e-12,
        pad_token_id=PAD_ID,
        bos_token_id=CLS_ID,
        eos_token_id=SEP_ID,
    )


def new_bert(config: BertConfig) -> BertModel:
    """Return a randomly initialised encoder whose positions are the fixed table, not trained."""
    from transformers import BertModel

    model = BertModel(config)
    positions = model.embeddings.position_embeddings.weight
    with torch.no_grad():
        positions.copy_(fixed_positions(config.max_position_embeddings, config.hidden_size))
    positions.requires_grad_(False)
    return model


def new_tokenizer() -> PreTrainedTokenizerFast:
    """Return MolBERT's tokens as a Hugging Face tokenizer; it expects standard (kekulé) SMILES."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    # No unknown token: anything outside the vocabulary is an error, not a guess.
    tokenizer = Tokenizer(models.WordLevel(dict(TOKEN_IDS), unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(TOKEN_PATTERN), behavior="isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", special_tokens=[(CLS, CLS_ID), (SEP, SEP_ID)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        cls_token=CLS,
        sep_token=SEP,
        mask_token=MASK,
        model_max_length=MAX_POSITIONS,
    )


def save_encoder(model: BertModel, folder: Path, model_card: str) -> None:
    """Write an encoder as a folder that ``AutoModel`` and ``AutoTokenizer`` load.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    from safetensors import SafetensorError
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    try:
        model.save_pretrained(folder, max_shard_size=_SHARD)
    except SafetensorError as error:
        raise OSError(str(error)) from error
    new_tokenizer().save_pretrained(folder)
    (folder / "README.md").write_text(model_card, encoding="utf-8")
    for path in folder.iterdir():  # safetensors makes its file readable by its owner alone
        path.chmod(0o644)
