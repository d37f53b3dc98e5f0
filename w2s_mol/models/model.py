"""A model that can be kept: what it reads molecules with, by name and content, and a head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.errors import InputError, shortened
from w2s_mol.heads.head import Head
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.heads.mixture import MixtureHead
from w2s_mol.models.heads import KeptHead, arrays_of, head_of, mean_of_heads
from w2s_mol.progress import Progress, silent

if TYPE_CHECKING:
    from w2s_mol.encoders.contract import Embeddings

_CARD = "model.json"
_HEAD = "head.safetensors"
_FORMAT = 3
_INPUT = {"encoder", "fingerprint", "pooling"}


@dataclass(frozen=True)
class Input:
    """What gives some features of a molecule.

    Attributes
    ----------
    encoder
        Its name or path, as ``load_encoder`` takes it; or a number's name, ``column:NAME``.
    fingerprint
        Of the encoder that the head was fitted on; another is refused.
    pooling
        How the encoder's states become one vector.
    """

    encoder: str
    fingerprint: str
    pooling: str


@dataclass(frozen=True)
class Model:
    """A head of one column on the features that some inputs give, side by side.

    Attributes
    ----------
    inputs
        One or more, in the order of the features.
    head
        Of one column of labels.
    task
        The name of what it predicts, in ``tasks.registry.TASKS``.
    """

    inputs: tuple[Input, ...]
    head: KeptHead
    task: str = "regression"

    def predict(
        self,
        smiles: Sequence[str],
        device: str = "auto",
        progress: Progress = silent,
        beside: Array | None = None,
    ) -> Array:
        """Predict labels of molecules.

        Parameters
        ----------
        smiles
            ``n`` SMILES.
        device
            Where encoders run: ``auto``, ``cpu`` or ``cuda``.
        progress
            Told the number of molecules done.
        beside
            The number of each molecule that the head reads beside the features, shape (n,), if it
            does.

        Returns
        -------
        array of shape (n,)
            In the units of the labels that it learnt from; NaN where an encoder cannot represent
            a molecule.

        Raises
        ------
        InputError
            If an encoder is not the one that the head was fitted on.
        """
        found = [_embedded(one, smiles, device, progress) for one in self.inputs]
        features = np.hstack([of_one.embeddings for of_one in found])
        valid = np.all([of_one.valid for of_one in found], axis=0)
        predictions = np.full(len(valid), np.nan)
        number = None if beside is None else beside[valid, None]
        predictions[valid] = self.head.predict(features[valid], number)[:, 0]
        return predictions

    def save(self, folder: Path) -> None:
        """Write the model to a folder that is not there yet, as JSON and safetensors.

        Raises
        ------
        InputError
            If it exists or cannot be written.
        """
        import safetensors.numpy

        card = {
            "format": _FORMAT,
            "w2s_mol": __version__,
            "task": self.task,
            "inputs": [asdict(one) for one in self.inputs],
        }
        scaler = {"mean": self.head.scaler.mean, "scale": self.head.scaler.scale}
        arrays = {**scaler, **arrays_of(self.head)}
        with files.atomic_folder(folder) as temporary:
            # safetensors writes an array's memory as it lies: a column of a matrix, its neighbours.
            lined_up = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            files.write_bytes(temporary / _HEAD, safetensors.numpy.save(lined_up))
            card["head_sha256"] = files.sha256_file(temporary / _HEAD)
            files.write_json(temporary / _CARD, card)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read a model that ``save`` wrote.

        Raises
        ------
        InputError
            If it is no such folder, or is damaged.
        """
        import safetensors.numpy

        card = _card(folder)
        path = folder / _HEAD
        if not path.is_file() or files.sha256_file(path) != card.get("head_sha256"):
            raise InputError(f"{path} is missing or damaged. Save the model again.")
        arrays = safetensors.numpy.load_file(path)
        try:
            head = head_of(arrays, Scaler(arrays["mean"], arrays["scale"]))
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(f"{path} holds no head ({error!r}). Save the model again.") from error
        return cls(tuple(Input(**one) for one in card["inputs"]), head, card["task"])


def model_of(inputs: Sequence[Input], head: Head, task: str) -> Model | None:
    """Return what inputs and a head predict together; None if such heads are not kept."""
    if not isinstance(head, LinearHead | MixtureHead):
        return None
    return Model(tuple(inputs), head, task)


def averaged(models: Sequence[Model]) -> Model | None:
    """Return one model that predicts the mean of what some models do, None if there is no such.

    It is one head on the inputs of all side by side. They are of one task, and none of them reads a
    number beside its features.
    """
    [task] = {model.task for model in models}
    inputs = tuple(one for model in models for one in model.inputs)
    head = mean_of_heads([model.head for model in models])
    return None if head is None else Model(inputs, head, task)


def _embedded(one: Input, smiles: Sequence[str], device: str, progress: Progress) -> Embeddings:
    from w2s_mol.encoders.loading import load_encoder

    encoder = load_encoder(one.encoder, device)
    if encoder.fingerprint != one.fingerprint:
        raise InputError(
            f"the model's encoder {one.encoder} has another content than the one that its head "
            "was fitted on. Restore it, or fit the model again."
        )
    return encoder.embed(smiles, one.pooling, progress)


def _card(folder: Path) -> dict[str, Any]:
    path = folder / _CARD
    try:
        card = files.read_json(path)
        form = card["format"]
        whole = form == _FORMAT and _is_whole(card)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. It should be a saved model's."
        ) from error
    if form != _FORMAT:
        raise InputError(
            f"{path} is no model of this version: its format is {shortened(str(form))}, and "
            f"w2s-mol {__version__} reads {_FORMAT}. Make the model again."
        )
    if not whole:
        raise InputError(f"{path} is no model of this version. Save the model again.")
    return dict(card)


def _is_whole(card: Mapping[str, Any]) -> bool:
    texts = [card["task"], *(one[name] for one in card["inputs"] for name in _INPUT)]
    alone = all(set(one) == _INPUT for one in card["inputs"])
    return alone and all(isinstance(text, str) for text in texts) and bool(card["inputs"])
