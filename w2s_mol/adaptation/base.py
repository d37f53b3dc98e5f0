"""What is adapted: an encoder of MolBERT's family, its weights, and how it was trained before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from w2s_mol import files
from w2s_mol.encoders.adapted import MARK, PREFIX, Seen, seen_by
from w2s_mol.encoders.folder import folder_fingerprint, folder_metadata
from w2s_mol.encoders.folders import encoder_folder
from w2s_mol.encoders.loading import OPENERS
from w2s_mol.encoders.names import FIXED, MOLBERT, PEER, SELF, plugin_names
from w2s_mol.errors import InputError
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.settings import EncoderSettings
from w2s_mol.progress import Progress

if TYPE_CHECKING:
    from transformers import BertModel

_MOLBERT_LEARNED = {"objectives": {"mlm": 1.0, "descriptors": 1.0, "pairs": 1.0}}
"""How MolBERT's release was trained, which its folder does not say (Fabian et al. 2020)."""
_LONG = ("history",)


@dataclass(frozen=True)
class Base:
    """An encoder that is adapted.

    Attributes
    ----------
    name
        What results call it.
    folder
        Its files.
    fingerprint
        A hash of what it is.
    config
        Its sizes, as its folder says them.
    made
        How it was made, as far as is known.
    seen
        What it was adapted on before, if it was.
    """

    name: str
    folder: Path
    fingerprint: str
    config: dict[str, Any]
    made: dict[str, Any]
    seen: Seen | None

    @property
    def seed(self) -> int:
        """Return the seed of its weights; 0 where none is known."""
        seed = self.made.get("seed")
        return seed if isinstance(seed, int) else 0

    @property
    def hidden(self) -> int:
        """Return its hidden size."""
        return int(self.config["hidden_size"])

    @property
    def positions(self) -> int:
        """Return how many tokens it reads."""
        return int(self.config["max_position_embeddings"])

    def settings(self, learning_rate: float | None = None) -> EncoderSettings:
        """Return what is its own in a training.

        Raises
        ------
        InputError
            If it has sizes that are not trained here.
        """
        return EncoderSettings(
            self.hidden,
            int(self.config["num_hidden_layers"]),
            int(self.config["num_attention_heads"]),
            learning_rate,
            float(self.config["hidden_dropout_prob"]),
            self.seed,
        )

    def objectives(self) -> Objectives:
        """Return what it learns by default: masked tokens, and descriptors if it learned them."""
        made = self.made.get("objectives")
        learned = made if isinstance(made, dict) else {}
        tokens, descriptors = (learned.get(name) for name in ("mlm", "descriptors"))
        return Objectives(_weight(tokens) or 1.0, _weight(descriptors))

    def model(self) -> BertModel:
        """Load its weights; the table of positions is not trained.

        Raises
        ------
        InputError
            If they are damaged, or are not those of a BERT with a pooler.
        """
        from transformers import BertModel

        from w2s_mol.encoders.models import load_model

        loaded = load_model(self.name, self.folder)
        if not isinstance(loaded.module, BertModel) or not loaded.has_pooler:
            raise InputError(
                f"encoder {self.name} is a {type(loaded.module).__name__}"
                f"{'' if loaded.has_pooler else ' without a pooler'}, and a BERT with a pooler is "
                f"what is adapted. {_WAY_OUT}"
            )
        loaded.module.embeddings.position_embeddings.weight.requires_grad_(False)
        return loaded.module

    def as_json(self) -> dict[str, Any]:
        """Return what it is, for the metadata of what is made of it."""
        made = {name: value for name, value in self.made.items() if name not in _LONG}
        return {"name": self.name, "fingerprint": self.fingerprint, "made": made}


_WAY_OUT = (
    "Give a shipped encoder, molbert, random-hHIDDEN-sSEED, adapted:NAME, or the folder of one "
    "that pretrain-weak, pretrain-strong or convert-molbert made."
)


def find_base(name: str, mirror: str | None, offline: bool, progress: Progress) -> Base:
    """Find the encoder that is to be adapted; its weights are not loaded.

    Raises
    ------
    InputError
        If there is none, or it cannot be adapted.
    DownloadError
        If it cannot be fetched.
    """
    from w2s_mol.encoders.transformer import uses_smiles_vocabulary

    if name in (*FIXED, SELF, PEER, *plugin_names()) or name.startswith(tuple(OPENERS)):
        raise InputError(f"encoder {name} has no weights that can be trained here. {_WAY_OUT}")
    folder = encoder_folder(name, mirror, offline, progress)
    if not uses_smiles_vocabulary(folder):
        raise InputError(
            f"encoder {name} reads SMILES in tokens of its own, and what is trained here reads "
            f"MolBERT's 42. {_WAY_OUT}"
        )
    by_folder = folder == Path(name) or name.startswith(PREFIX)
    made = folder_metadata(folder) or (_MOLBERT_LEARNED if name == MOLBERT else {})
    fingerprint = folder_fingerprint(folder, None, "fp32")
    config = files.read_json(folder / "config.json")
    if config.get("model_type") != "bert":
        raise InputError(
            f"encoder {name} is of the kind {config.get('model_type')}, and a BERT is what is "
            f"adapted. {_WAY_OUT}"
        )
    label = (folder.resolve().name if by_folder else name).removesuffix(MARK)
    return Base(label, folder, fingerprint, config, made, seen_by(folder))


def _weight(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else 0.0
