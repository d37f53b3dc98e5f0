"""What encoders have seen of a dataset before a study: its molecules, its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from w2s_mol.datasets import builtin
from w2s_mol.encoders.contract import Encoder
from w2s_mol.encoders.loading import FIXED, MOLBERT
from w2s_mol.encoders.random_bert import is_random
from w2s_mol.pretraining.model_card import ABSENT

NEVER_TRAINED = "none: never trained"
LEFT_OUT = "molecules left out of its corpus"
NOT_IN_CORPUS = "none of the molecules is in its corpus"
UNKNOWN = "unknown"
_LOGP = "Wildman-Crippen logP, which is computed-logp's label"
LABELS_AS_TARGET = f"labels: its 200 descriptor targets include {_LOGP}"
LABELS_AS_FEATURE = f"labels: its 200 descriptors include {_LOGP}"


def exposures(dataset: str, known: bool, encoders: Iterable[Encoder]) -> dict[str, list[str]]:
    """Return, by what they have seen of a dataset, the names of encoders.

    Parameters
    ----------
    dataset
        Its name.
    known
        Whether it is the named dataset, not a file of the user's that is called so.
    encoders
        Of a study.
    """
    found: dict[str, list[str]] = {}
    for encoder in encoders:
        metadata = getattr(encoder, "metadata", {})
        for seen in _seen(dataset if known else "", encoder.name, metadata):
            names = found.setdefault(seen, [])
            if encoder.name not in names:
                names.append(encoder.name)
    return found


def _seen(dataset: str, encoder: str, metadata: Mapping[str, Any]) -> list[str]:
    is_logp = dataset == builtin.NAME
    if encoder in FIXED or is_random(encoder):
        feature = is_logp and encoder == "rdkit2d"
        return [NEVER_TRAINED, LABELS_AS_FEATURE] if feature else [NEVER_TRAINED]
    if dataset in _names(metadata, "molecules_left_out_of"):
        molecules = LEFT_OUT
    elif dataset in _names(metadata, ABSENT):
        molecules = NOT_IN_CORPUS
    else:
        molecules = UNKNOWN
    objectives = metadata.get("objectives")
    learnt = isinstance(objectives, dict) and bool(objectives.get("descriptors"))
    target = is_logp and (learnt or encoder == MOLBERT)
    return [molecules, LABELS_AS_TARGET] if target else [molecules]


def _names(metadata: Mapping[str, Any], field: str) -> list[str]:
    names = metadata.get(field)
    return names if isinstance(names, list) else []
