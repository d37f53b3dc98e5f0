"""One model of all labels, kept in a folder: saved, loaded, refused where it was altered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import rdBase

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.datasets.examples import Examples
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders.contract import checked_texts
from w2s_mol.encoders.devices import check_device_name
from w2s_mol.errors import InputError, shortened
from w2s_mol.heads.linear import Array
from w2s_mol.items.contract import Items
from w2s_mol.items.molecules import Molecules
from w2s_mol.items.registry import items_called
from w2s_mol.models.model import Model
from w2s_mol.prediction.card import card_text
from w2s_mol.prediction.predictor import Predictor
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import check
from w2s_mol.uses.registry import USES, WEAK

_FACTS, _README = "fitted.json", "README.md"
_STUDENT, _SUPERVISOR = "student", "supervisor"
_FORMAT = 2


@dataclass(frozen=True)
class FittedModel:
    """What predicts labels of molecules.

    Attributes
    ----------
    use
        What is made of the supervisor's labels.
    student, supervisor
        Those models that the use needs.
    facts
        What it was made of and how it did in the run; the card is written from them.
    """

    use: str
    student: Model | None = field(repr=False)
    supervisor: Model | None = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def _items(self) -> Items:
        name = self.facts.get("items", Molecules.name)  # models of before 0.4 have molecules
        return items_called(name, self.facts["max_atoms"])

    @property
    def classes(self) -> tuple[str, str] | None:
        """Return the words for 0 and 1; None where it predicts numbers."""
        words = self.facts["classes"]
        return (words[0], words[1]) if words else None

    def predict(
        self,
        smiles: Sequence[str],
        columns: Mapping[str, Sequence[float]] | None = None,
        device: str = "auto",
        progress: Progress = silent,
    ) -> Array:
        """Predict labels of molecules.

        Parameters
        ----------
        smiles
            ``n`` SMILES, or texts where the model learnt from texts.
        columns
            Numbers of the molecules by name, where the supervisor reads one.
        device
            Where encoders run: ``auto``, ``cpu`` or ``cuda``.
        progress
            Told the number of molecules done.

        Returns
        -------
        array of shape (n,)
            In label units, or probabilities of ``classes[1]``; NaN where there is no prediction.

        Raises
        ------
        InputError
            If an encoder is not the one that the model was fitted on, ``smiles`` are no SMILES,
            or a column that is read is missing or no numbers, one a molecule.
        """
        texts = checked_texts(smiles)
        check_device_name(check("device", device, str))
        finder = Finder(None, device, self._items, progress=progress)
        students, supervisors = ([one] if one else [] for one in (self.student, self.supervisor))
        predictor = Predictor(students, supervisors, finder)
        given = {name: _numbers(columns, name, len(texts)) for name in predictor.columns}
        with rdBase.BlockLogs():
            return predictor.predict(Examples(texts, given), progress).predictions[:, 0]

    def save(self, folder: Path) -> None:
        """Write it to a folder that is not there yet: safetensors, JSON, a model card.

        Raises
        ------
        InputError
            If it exists or cannot be written.
        """
        if folder.exists():
            raise InputError(f"{folder} exists. Choose another --output-dir, or remove it.")
        with files.atomic_folder(folder) as temporary:
            for name, model in ((_STUDENT, self.student), (_SUPERVISOR, self.supervisor)):
                if model:
                    model.save(temporary / name)
            files.write_text(temporary / _README, card_text(self.use, self.facts))
            inside = sorted(path for path in temporary.rglob("*") if path.is_file())
            hashes = {p.relative_to(temporary).as_posix(): files.sha256_file(p) for p in inside}
            facts = {"format": _FORMAT, "use": self.use, **self.facts, "files": hashes}
            whole = {**facts, "sha256": files.sha256_json(facts)}
            files.write_json(temporary / _FACTS, whole)


def load_model(folder: str | Path) -> FittedModel:
    """Load a model that ``w2s-mol fit`` wrote; no code is loaded with it.

    Parameters
    ----------
    folder
        As it was written.

    Returns
    -------
    FittedModel
        ``model.predict(smiles)`` gives labels, or probabilities of ``model.classes[1]``; an
        encoder of another content is refused.

    Raises
    ------
    InputError
        If it is no such folder, or one of its files was altered.
    """
    place = Path(check("folder", folder, str))
    facts = _facts(place)
    for name, sha256 in facts["files"].items():
        path = place / name
        if not path.is_file() or files.sha256_file(path) != sha256:
            raise InputError(f"{path} is missing or was altered. Restore it, or fit it again.")
    models = {
        name: Model.load(place / name) if (place / name).is_dir() else None
        for name in (_STUDENT, _SUPERVISOR)
    }
    kept = {n: v for n, v in facts.items() if n not in ("format", "use", "files", "sha256")}
    return FittedModel(facts["use"], models[_STUDENT], models[_SUPERVISOR], kept)


def _numbers(columns: Any, name: str, n: int) -> Array:
    """Return the column of a name as ``n`` numbers, NaN where one is missing."""
    expected = (
        f"Give {n:,} numbers, one a molecule, NaN where there is none: columns={{{name!r}: [...]}}."
    )
    try:
        values = columns[name]
    except (KeyError, TypeError, IndexError) as error:
        raise InputError(f"the model reads column {name!r}, not given. {expected}") from error
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        said = shortened(" ".join(str(values).split()))
        raise InputError(f"column {name!r} is {said}. {expected}") from error
    if numbers.shape != (n,):
        got = f"{len(numbers):,} numbers" if numbers.ndim == 1 else f"of shape {numbers.shape}"
        raise InputError(f"column {name!r} is {got}. {expected}")
    return numbers


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / _FACTS
    try:
        facts = files.read_json(path)
        content = {name: value for name, value in facts.items() if name != "sha256"}
        whole = facts.get("sha256") == files.sha256_json(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} cannot be read: {error}. It should be in a folder that 'w2s-mol fit' wrote."
        ) from error
    if not whole:
        raise InputError(f"{path} was altered. Restore it, or fit the model again.")
    if facts.get("format") != _FORMAT:
        raise InputError(
            f"{path} is of another version of w2s-mol: its format is {facts.get('format')}, and "
            f"{__version__} reads {_FORMAT}. Fit the model again: 'w2s-mol fit --run RUN'."
        )
    if facts["use"] not in (WEAK, *USES):
        raise InputError(f"{path} is of another version of w2s-mol. Fit the model again.")
    return dict(facts)
