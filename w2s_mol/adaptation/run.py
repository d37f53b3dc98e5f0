"""Adapting one encoder: heads are fitted to it as it is, then all is trained, then it is saved.

Encoders are kept without the heads that they were trained under. New ones under an encoder that
knows much would first of all teach it to forget: their gradients are those of guesses. So they
learn alone first. Then the whole training is done twice from there, once with the encoder left as
it is: heads go on learning in either, and what is to be told is what the encoder learned.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.adaptation.base import Base
from w2s_mol.adaptation.card import adapted_card
from w2s_mol.adaptation.molecules import Parts
from w2s_mol.encoders.adapted import ADAPTED, Seen, together, write_seen
from w2s_mol.encoders.folder import METADATA
from w2s_mol.encoders.smiles_bert import save_encoder
from w2s_mol.pretraining.checkpoints import (
    checkpoints_folder,
    full_disk_told,
    hold,
    last_whole_checkpoint,
)
from w2s_mol.pretraining.devices import tune_cpu_memory
from w2s_mol.pretraining.model import Family, PretrainingModel, new_heads
from w2s_mol.pretraining.recipes import (
    Recipe,
    account,
    finished,
    read_recipe,
    refuse_other_recipe,
    shared_recipe,
)
from w2s_mol.pretraining.settings import TrainingSettings
from w2s_mol.pretraining.training import Trained, train_family
from w2s_mol.progress import Progress

_RECIPE, _BEFORE = "recipe.json", "before.json"
_HEADS, _AS_IT_IS = "heads", "as-it-is"


@dataclass(frozen=True)
class Adaptation:
    """All that an adaptation depends on.

    Attributes
    ----------
    base
        What is adapted.
    parts
        The molecules that it learns, and those that it does not.
    settings
        Of the training.
    head_epochs
        Of the heads alone.
    rate
        The learning rate at its highest.
    sources
        The content of datasets and pools, as JSON.
    transductive
        Whether test molecules are learned too.
    """

    base: Base
    parts: Parts
    settings: TrainingSettings
    head_epochs: int
    rate: float
    sources: Mapping[str, Any]
    transductive: bool

    @property
    def recipe(self) -> Recipe:
        """Return all that the weights depend on, as JSON."""
        return {
            **asdict(self.base.settings(self.rate)),
            **shared_recipe(self.settings, self.parts.train, self.parts.held_out),
            "transductive": self.transductive,
            ADAPTED: {
                "base": self.base.as_json(),
                **self.sources,
                "head_epochs": self.head_epochs,
                "held_out": "test molecules" if self.parts.of_test else "molecules held out",
            },
        }

    @property
    def seen(self) -> Seen:
        """Return what the encoder will have seen, of this and of earlier adaptations."""
        return together([self.base.seen, Seen(self.transductive, self.parts.seen)])


def whose(folder: Path) -> Recipe | None:
    """Return how the encoder that is in a folder, or under way there, is made; None for neither.

    Raises
    ------
    InputError
        If it says it in a way that cannot be read.
    """
    begun = checkpoints_folder(folder.parent, [folder.name]) / _RECIPE
    for path, place in ((folder / METADATA, folder), (begun, begun.parent)):
        if path.is_file():
            return read_recipe(path, place)
    return None


def adapt_encoder(
    adaptation: Adaptation, folder: Path, device: torch.device, progress: Progress
) -> Recipe:
    """Adapt an encoder and save it; what was begun goes on, and what is finished is left as it is.

    Parameters
    ----------
    adaptation
        Of what, on what and how.
    folder
        Where it goes. While it is trained, ``checkpoints_folder`` beside it holds what is needed
        to go on.
    device
        Where to train.
    progress
        Told the steps done.

    Returns
    -------
    dict
        How it was made, as in its ``w2s_mol.json``.

    Raises
    ------
    InputError
        If the folder holds something else, or another process is at work on it.
    W2SMolError
        If a loss becomes NaN or infinite, or the disk is full.
    """
    recipe = adaptation.recipe
    checkpoints = checkpoints_folder(folder.parent, [folder.name])
    if made := finished(folder, recipe):
        shutil.rmtree(checkpoints, ignore_errors=True)
        return made
    if device.type == "cpu":
        tune_cpu_memory()
    with ExitStack() as lock:
        hold(checkpoints, lock)
        if (begun := checkpoints / _RECIPE).is_file():
            refuse_other_recipe(checkpoints, read_recipe(begun, checkpoints), recipe)
        files.write_json(begun, recipe)
        with full_disk_told(folder.parent, "run the same command again"):
            made = _Training(adaptation, folder.name, checkpoints, device, progress).saved(folder)
        shutil.rmtree(checkpoints, ignore_errors=True)
    return made


@dataclass(frozen=True)
class _Training:
    adaptation: Adaptation
    name: str
    checkpoints: Path
    device: torch.device
    progress: Progress

    def saved(self, folder: Path) -> Recipe:
        """Train, save the encoder, and return how it was made."""
        base, settings = self.adaptation.base, self.adaptation.settings
        encoder = base.model()
        under_new = new_heads(base.settings(), settings.objectives, encoder)
        before = self._before(under_new)
        trained = self._train(self._again(under_new), settings, self.checkpoints, "adapting")
        made = {
            "w2s_mol": __version__,
            **self.adaptation.recipe,
            **before,
            **account(trained, self.name, self.device),
        }
        with files.atomic_folder(folder) as temporary:
            save_encoder(encoder, temporary, adapted_card(self.name, made))
            write_seen(temporary, self.adaptation.seen)
            files.write_json(temporary / METADATA, made)
        return made

    def _before(self, model: PretrainingModel) -> Recipe:
        """Fit the heads to the encoder as it is; return the losses of a training that leaves it so.

        Once the other is under way, checkpoints have the heads too, and none of it is done again.
        """
        path, last = self.checkpoints / _BEFORE, last_whole_checkpoint(self.checkpoints)
        if last and path.is_file():
            return read_recipe(path, self.checkpoints)
        trainable = [one for one in model.encoder.parameters() if one.requires_grad]
        for one in trainable:
            one.requires_grad_(False)
        settings = self.adaptation.settings
        first = replace(settings, epochs=self.adaptation.head_epochs)
        fitted = self._train(model, first, self.checkpoints / _HEADS, "fitting heads to")
        unmoved = self._again(model)
        left = self._train(unmoved, settings, self.checkpoints / _AS_IT_IS, "heads alone on")
        for one in trainable:
            one.requires_grad_(True)
        seconds = round(fitted.seconds + left.seconds, 1)
        before = {"before": left.final[self.name], "seconds_of_heads": seconds}
        files.write_json(path, before)
        return before

    def _again(self, model: PretrainingModel) -> PretrainingModel:
        """Return a model's encoder under heads like its own, to be trained at the final rate."""
        base, objectives = self.adaptation.base, self.adaptation.settings.objectives
        again = PretrainingModel(base.settings(self.adaptation.rate), objectives, model.encoder)
        again.load_state_dict(model.state_dict())
        return again

    def _train(
        self, model: PretrainingModel, settings: TrainingSettings, folder: Path, what: str
    ) -> Trained:
        parts = self.adaptation.parts
        return train_family(
            Family({self.name: model}),
            settings,
            parts.train,
            parts.held_out,
            folder,
            last_whole_checkpoint(folder),
            self.device,
            f"{what} {self.adaptation.base.name}",
            self.progress,
        )
