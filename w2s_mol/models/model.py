"""A model that can be kept: a frozen encoder by its name and content, and a fitted head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import Array, LinearHead, Scaler
from w2s_mol.progress import Progress, silent

_CARD = "model.json"
_HEAD = "head.safetensors"
_FORMAT = 1


@dataclass(frozen=True)
class Model:
    """An encoder, how its states become one vector, and a head of one column.

    Attributes
    ----------
    encoder
        Its name or path, as ``load_encoder`` takes it.
    fingerprint
        Of the encoder that the head was fitted on; another is refused.
    pooling
        Of the encoder.
    head
        Of one column of labels.
    task
        The name of what it predicts, in ``tasks.registry.TASKS``.
    """

    encoder: str
    fingerprint: str
    pooling: str
    head: LinearHead
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
            Where the encoder runs: ``auto``, ``cpu`` or ``cuda``.
        progress
            Told the number of molecules done.
        beside
            The number of each molecule that the head reads beside the features, shape (n,), if it
            does.

        Returns
        -------
        array of shape (n,)
            In the units of the labels that it learnt from; NaN where the encoder cannot represent
            a molecule.

        Raises
        ------
        InputError
            If the encoder is not the one that the head was fitted on.
        """
        from w2s_mol.encoders.loading import load_encoder

        encoder = load_encoder(self.encoder, device)
        if encoder.fingerprint != self.fingerprint:
            raise InputError(
                f"the model's encoder {self.encoder} has another content than the one that its "
                "head was fitted on. Restore it, or fit the model again."
            )
        found = encoder.embed(smiles, self.pooling, progress)
        predictions = np.full(len(found.valid), np.nan)
        number = None if beside is None else beside[found.valid, None]
        predictions[found.valid] = self.head.predict(found.embeddings[found.valid], number)[:, 0]
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
            "encoder": self.encoder,
            "fingerprint": self.fingerprint,
            "pooling": self.pooling,
        }
        arrays = {
            "mean": self.head.scaler.mean,
            "scale": self.head.scaler.scale,
            "coefficients": self.head.coefficients,
            "intercepts": self.head.intercepts,
            "penalties": self.head.penalties,
        }
        if self.head.slopes is not None:
            arrays["slopes"] = self.head.slopes
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
        head = LinearHead(
            Scaler(arrays["mean"], arrays["scale"]),
            arrays["coefficients"],
            arrays["intercepts"],
            arrays["penalties"],
            arrays.get("slopes"),
        )
        return cls(card["encoder"], card["fingerprint"], card["pooling"], head, card["task"])


def _card(folder: Path) -> dict[str, Any]:
    path = folder / _CARD
    try:
        card = files.read_json(path)
        fields = {"encoder", "fingerprint", "pooling", "task"}
        whole = all(isinstance(card[name], str) for name in fields) and card["format"] == _FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. It should be a saved model's."
        ) from error
    if not whole:
        raise InputError(f"{path} is no model of this version. Save the model again.")
    return dict(card)
