"""Loading a Hugging Face model as an encoder of tokens: whole, and with no code of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as functional
from torch.overrides import TorchFunctionMode
from transformers import AutoModel
from transformers.utils.logging import disable_progress_bar

from w2s_mol.errors import InputError, first_line, means_no_memory

_WAY_OUT = "Embed the molecules elsewhere, and give the vectors as file:EMBEDDINGS.parquet."
_PROBE_TOKENS = 4
_NEEDS_CODE = re.compile(r"trust_remote_code|custom code|does not recognize this architecture")


@dataclass(frozen=True)
class TokenModel:
    """A model that makes one state of each token.

    Attributes
    ----------
    module
        Called with ``input_ids`` (B, T); its ``last_hidden_state`` is (B, T, hidden).
    hidden
        Size of a state.
    has_pooler
        Whether ``pooler_output`` comes from weights that were trained.
    longest
        How many tokens it reads; None where nothing limits them.
    vocabulary
        Rows of its table of tokens.
    """

    module: Any
    hidden: int
    has_pooler: bool
    longest: int | None
    vocabulary: int


def load_model(name: str, folder: Path) -> TokenModel:
    """Load the encoder in a folder that ``save_pretrained`` wrote.

    Of an encoder-decoder it is the encoder's part, also where the folder holds nothing else.

    Raises
    ------
    InputError
        If the folder needs code of its own, is damaged, lacks weights of the encoder, has weights
        of layers that its config does not, makes a decoder of an encoder, or does not turn tokens
        into states.
    """
    model, info = _read(name, folder)
    _refuse_a_decoder(name, model.config)
    encoder = model.get_encoder() if getattr(model, "decoder", None) is not None else model
    has_pooler = _check_weights(name, folder, model, encoder, info)
    probe = _probe(name, encoder)
    return TokenModel(
        module=encoder.eval(),
        hidden=probe.hidden,
        has_pooler=has_pooler,
        longest=_longest(model.config, probe),
        vocabulary=probe.vocabulary,
    )


def _read(name: str, folder: Path) -> tuple[Any, dict[str, Any]]:
    disable_progress_bar()
    try:
        model, info = AutoModel.from_pretrained(
            folder, output_loading_info=True, dtype=torch.float32, trust_remote_code=False
        )
    except Exception as error:  # safetensors, pickle, JSON and OS errors of many kinds
        if means_no_memory(error):
            raise
        if _NEEDS_CODE.search(str(error)):
            raise InputError(
                f"encoder {name} needs code that transformers does not have, or of its own, which "
                f"is not run. {_WAY_OUT}"
            ) from error
        raise InputError(
            f"cannot load encoder {name} from {folder}: {first_line(error)} "
            "The folder should hold config.json and model.safetensors as save_pretrained writes "
            "them; a file may be truncated or altered."
        ) from error
    return model, info


def _refuse_a_decoder(name: str, config: Any) -> None:
    """Refuse an encoder whose config lets each token see only those before it."""
    trained_as = " ".join(config.architectures or [])
    as_decoder = getattr(config, "is_decoder", False) or getattr(config, "add_cross_attention", 0)
    if as_decoder and not re.search("CausalLM|LMHead|Decoder", trained_as):
        raise InputError(
            f"encoder {name}: its config.json has is_decoder or add_cross_attention, and nothing "
            "says that it was trained so. Restore its config.json."
        )


def _check_weights(name: str, folder: Path, model: Any, encoder: Any, info: dict[str, Any]) -> bool:
    """Refuse a model that is not the one of its weights; say whether its pooler was trained."""
    own = {id(parameter) for parameter in encoder.parameters()}
    needed = {
        key for key, value in model.named_parameters(remove_duplicate=False) if id(value) in own
    }
    missing = {str(key) for key in info["missing_keys"]} & needed
    pooler = {key for key in missing if key.startswith("pooler.")}
    wrong = sorted(missing - pooler) + sorted(
        _name_of(key) for key in info["mismatched_keys"] if _name_of(key) in needed
    )
    if wrong:
        # transformers fills these with random numbers, which nobody would notice.
        raise InputError(
            f"encoder {name}: {len(wrong)} weights are not in {folder} or have another shape, "
            f"for example {wrong[0]}. A whole checkpoint is needed."
        )
    # Heads are left out by intent; layers beside those of the config are not.
    kinds = {_kind(key) for key in needed}
    dropped = sorted(key for key in map(str, info["unexpected_keys"]) if _kind(key) in kinds)
    if dropped:
        raise InputError(
            f"encoder {name}: config.json leaves out {len(dropped)} weights that {folder} holds, "
            f"for example {dropped[0]}. Restore its config.json."
        )
    return getattr(encoder, "pooler", None) is not None and not pooler


def _name_of(key: Any) -> str:
    return str(key[0] if isinstance(key, tuple) else key)


def _kind(key: str) -> str:
    """Return what weights of all layers are called alike, whatever the model puts before it."""
    parts = ["N" if part.isdecimal() else part for part in key.split(".")]
    return ".".join(parts[max(0, parts.index("N") - 1) :]) if "N" in parts else key


@dataclass(frozen=True)
class _Probe:
    hidden: int
    vocabulary: int
    positions: int | None


class _Lookups(TorchFunctionMode):
    """Notes which rows of which tables are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[list[int], int]] = []

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if function is functional.embedding:
            rows, table = args[:2]
            self.seen.append((rows.flatten().tolist(), table.shape[0]))
        return function(*args, **(kwargs or {}))


def _probe(name: str, encoder: Any) -> _Probe:
    """Read one token four times, and see how large the states and the tables are.

    What no config says alike for all models is seen in the look-ups: at which row the table of
    positions begins (some begin behind the padding's), and so how many tokens fit.
    """
    lookups = _Lookups()
    token = next(i for i in (3, 2, 1) if i != encoder.config.pad_token_id)  # padding has no place
    try:
        with torch.inference_mode(), lookups:
            states = encoder(input_ids=torch.full((1, _PROBE_TOKENS), token)).last_hidden_state
        found = tuple(states.shape)
    except Exception as error:
        if means_no_memory(error):
            raise
        raise _no_states(name, encoder, f"{type(error).__name__}: {first_line(error)}") from error
    if len(found) != 3 or found[:2] != (1, _PROBE_TOKENS):
        raise _no_states(name, encoder, str(found))
    words = [size for rows, size in lookups.seen if set(rows[:_PROBE_TOKENS]) == {token}]
    positions = [
        size - rows[0]
        for rows, size in lookups.seen
        if rows[:_PROBE_TOKENS] == list(range(rows[0], rows[0] + _PROBE_TOKENS))
    ]
    table = encoder.get_input_embeddings()
    vocabulary = words[0] if words else int(getattr(table, "num_embeddings", 0))
    return _Probe(int(found[2]), vocabulary, min(positions, default=None))


def _no_states(name: str, encoder: Any, found: str) -> InputError:
    return InputError(
        f"encoder {name} ({type(encoder).__name__}) does not make one state a token: {found}. "
        f"An encoder such as BERT or RoBERTa is needed. {_WAY_OUT}"
    )


def _longest(config: Any, probe: _Probe) -> int | None:
    """Return how many tokens a model reads: its table of positions, or what its config states."""
    stated = getattr(config, "max_position_embeddings", None)
    limits = [probe.positions] if probe.positions else []
    if isinstance(stated, int) and stated > 0:  # XLNet says -1 for none
        limits.append(stated)
    return min(limits, default=None)
