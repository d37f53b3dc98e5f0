"""What encoders have seen of a dataset before a study: its molecules, its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from w2s_mol import paths
from w2s_mol.datasets.named import BUILTIN
from w2s_mol.encoders.adapted import ADAPTED
from w2s_mol.encoders.fixed import DescriptorEncoder, FixedEncoder
from w2s_mol.encoders.names import MOLBERT
from w2s_mol.encoders.ref import EncoderRef, OpenRef
from w2s_mol.pretraining.model_card import ABSENT
from w2s_mol.study.seen import SeenOfDataset

NEVER_TRAINED = "none: never trained"
LEFT_OUT = "molecules left out of its corpus"
NOT_IN_CORPUS = "none of the molecules is in its corpus"
UNKNOWN = "unknown"
_LOGP = "Wildman-Crippen logP, which is computed-logp's label"
LABELS_AS_TARGET = f"labels: its 200 descriptor targets include {_LOGP}"
LABELS_AS_FEATURE = f"labels: its 200 descriptors include {_LOGP}"


def exposures(
    dataset: str,
    known: bool,
    encoders: Iterable[EncoderRef],
    adapted: Iterable[SeenOfDataset] = (),
) -> dict[str, list[str]]:
    """Return, by what they have seen of a dataset, the names of encoders.

    Parameters
    ----------
    dataset
        Its name.
    known
        Whether it is the named dataset, not a file of the user's that is called so.
    encoders
        Of a study.
    adapted
        What those of them that were adapted have seen of it.
    """
    found: dict[str, list[str]] = {}
    said = [
        (encoder.name, seen)
        for encoder in encoders
        for seen in _seen(dataset if known else "", encoder, encoder.metadata)
    ]
    for name, seen in [*said, *((one.encoder, one.words) for one in adapted)]:
        names = found.setdefault(seen, [])
        if name not in names:
            names.append(name)
    return found


def _seen(dataset: str, encoder: EncoderRef, metadata: Mapping[str, Any]) -> list[str]:
    if isinstance(before := _adapted_from(metadata), dict):
        learned = [LABELS_AS_TARGET] if _learned_logp(dataset, metadata) else []
        said = [s for s in _seen(dataset, encoder, before) if s != NEVER_TRAINED]
        return list(dict.fromkeys([*said, *learned]))
    is_logp = dataset == BUILTIN
    # By what it is, not by its name: a user may call a folder of a trained encoder anything.
    opened = encoder.encoder if isinstance(encoder, OpenRef) else None
    if isinstance(opened, FixedEncoder) or metadata.get("trained") is False:
        feature = is_logp and isinstance(opened, DescriptorEncoder)
        return [NEVER_TRAINED, LABELS_AS_FEATURE] if feature else [NEVER_TRAINED]
    if dataset in _names(metadata, "molecules_left_out_of"):
        molecules = LEFT_OUT
    elif dataset in _names(metadata, ABSENT):
        molecules = NOT_IN_CORPUS
    else:
        molecules = UNKNOWN
    target = _learned_logp(dataset, metadata) or (is_logp and _is_molbert(encoder))
    return [molecules, LABELS_AS_TARGET] if target else [molecules]


def _adapted_from(metadata: Mapping[str, Any]) -> Any:
    """Return how the encoder was made that an adapted one was made of; None for any other."""
    of = metadata.get(ADAPTED)
    base = of.get("base") if isinstance(of, dict) else None
    return base.get("made") if isinstance(base, dict) else None


def _learned_logp(dataset: str, metadata: Mapping[str, Any]) -> bool:
    objectives = metadata.get("objectives")
    learned = isinstance(objectives, dict) and bool(objectives.get("descriptors"))
    return learned and dataset == BUILTIN


def _is_molbert(encoder: EncoderRef) -> bool:
    """Say whether it is the release that this program converted, not a folder called so."""
    kept = paths.home() / "encoders"
    return encoder.name == MOLBERT and kept in getattr(encoder, "folder", kept).parents


def _names(metadata: Mapping[str, Any], field: str) -> list[str]:
    names = metadata.get(field)
    return names if isinstance(names, list) else []
