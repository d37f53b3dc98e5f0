"""From an adaptation's settings to an encoder on disk: find, load, prepare, name, train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_mol import files
from w2s_mol.adaptation.base import Base, find_base
from w2s_mol.adaptation.config import AdaptationConfig
from w2s_mol.adaptation.molecules import Parts, TaskMolecules, file_name, parts_of, task_molecules
from w2s_mol.adaptation.run import Adaptation, adapt_encoder, whose
from w2s_mol.embeddings.finding import Finder
from w2s_mol.encoders import adapted
from w2s_mol.encoders.devices import resolve_device
from w2s_mol.encoders.folder import METADATA
from w2s_mol.errors import InputError
from w2s_mol.items.molecules import Molecules
from w2s_mol.pretraining.devices import join_processes, number_of_processes
from w2s_mol.pretraining.objectives import Objectives
from w2s_mol.pretraining.run import check_lengths
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import Count, check, made, wrong

_KEY_DIGITS = 8
_LONGEST_NAME = 80

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Adapted:
    """An encoder that was adapted.

    Attributes
    ----------
    name
        What ``load_encoder`` and a study call it: ``adapted:NAME``, or the path of its folder.
    folder
        Its files.
    made
        How it was made, as in its ``w2s_mol.json``: settings, molecules, losses.
    """

    name: str
    folder: Path
    made: dict[str, Any]

    @property
    def before(self) -> dict[str, float]:
        """Losses on molecules held out, trained the same but with the encoder left as it was."""
        return dict(self.made["before"])

    @property
    def after(self) -> dict[str, float]:
        """Losses on the same molecules, with the same tokens masked, of the adapted encoder."""
        return dict(self.made["final"])


def adapt(
    encoder: str | Path,
    config: AdaptationConfig | None = None,
    *,
    output_dir: str | Path | None = None,
    device: str = "auto",
    workers: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda _: None,
    **settings: Any,
) -> Adapted:
    """Train an encoder further on a task's molecules without their labels (Burns et al. 2023).

    In a script this is to be called under ``if __name__ == "__main__":``, as all that starts
    processes. Stopped, the same call goes on.

    Parameters
    ----------
    encoder
        One of MolBERT's family, as ``load_encoder`` takes it.
    config
        On what and how; or give the fields of ``AdaptationConfig`` as keywords.
    output_dir
        The encoder's folder; by default it is kept by name, and is ``adapted:NAME`` to all that
        takes an encoder.
    device
        ``auto``, ``cpu`` or ``cuda``.
    workers
        Processes that prepare the molecules; by default one a core.
    mirror, offline, progress
        As in ``fetch``.
    announce
        Told which molecules are learned, before the training begins.

    Raises
    ------
    InputError
        If a setting, a table or the encoder cannot be used, no molecule is left to be learned, or
        the folder holds something else.
    DownloadError
        If something cannot be fetched.
    W2SMolError
        If a loss becomes NaN or infinite, or the disk is full.

    Examples
    --------
    >>> found = adapt("weak-h32-s0", dataset="bbbp")  # doctest: +SKIP
    >>> found.name, found.after["mlm"] < found.before["mlm"]  # doctest: +SKIP
    ('adapted:weak-h32-s0-bbbp', True)
    """
    if config is not None and settings:
        raise InputError("give either an AdaptationConfig or its fields, not both.")
    if not isinstance(config, AdaptationConfig | None):
        raise wrong("config", config, "an AdaptationConfig")
    config = config or made(AdaptationConfig, settings)
    given = check("output_dir", output_dir, str | None)
    chosen = resolve_device(check("device", device, str))
    _refuse_several_processes(chosen)
    workers = check("workers", workers, Count | None)
    access = (check("mirror", mirror, str | None), check("offline", offline, bool))
    base = find_base(check("encoder", encoder, str), *access, progress)
    objectives = _objectives(config, base)
    check_lengths(objectives, config.renumberings, config.max_length, base.positions)
    finder = Finder(None, device, Molecules(config.max_atoms), *access, progress)
    molecules = task_molecules(config, finder)
    parts = parts_of(molecules, config, workers, finder)
    adaptation = Adaptation(
        base,
        parts,
        config.training(objectives),
        config.head_epochs,
        config.rate(base.hidden),
        molecules.account,
        config.transductive,
    )
    folder = Path(given) if given else _kept_folder(adaptation, molecules, config)
    if place := files.file_in_the_way(folder / METADATA):
        raise InputError(f"{place} is not a folder. Choose another --output-dir.")
    for text in _said(molecules, parts, config):
        announce(text)
    announce(
        f"{len(parts.train):,} molecules to learn, {len(parts.held_out):,} held out, {chosen}, "
        f"{config.precision}"
    )
    found = adapt_encoder(adaptation, folder, chosen, progress)
    name = str(folder) if given else f"{adapted.PREFIX}{folder.name}"
    return Adapted(name, folder, found)


def _refuse_several_processes(device: Any) -> None:
    join_processes(device)
    if number_of_processes() > 1:
        raise InputError(
            f"{number_of_processes()} processes were started, and an encoder is adapted by one. "
            "Start w2s-mol without torchrun."
        )


def _objectives(config: AdaptationConfig, base: Base) -> Objectives:
    if config.objectives is None:
        return base.objectives()
    given = Objectives.parse(config.objectives)
    if "mlm" not in given.used():
        raise InputError(
            f"objectives are {config.objectives!r}. Masked tokens, mlm, should be one of them: an "
            "encoder is adapted by learning to foretell its molecules."
        )
    return given


def _said(molecules: TaskMolecules, parts: Parts, config: AdaptationConfig) -> list[str]:
    """Return what is to be told of the molecules before the training begins."""
    said = [f"note: {note}." for note in molecules.notes]
    for reason, count in parts.train.rejected.items():
        said.append(f"note: {count:,} molecule{'s' if count > 1 else ''} left out: {reason}.")
    in_test = int(molecules.of_test.sum())
    if config.transductive:
        learned = int(molecules.of_test[parts.train.lines - 1].sum())
        said.append(
            f"note: transductive: {learned:,} of {in_test:,} molecules of test parts are learned "
            "as well, without their labels; the others are held out. The encoder's name says so in "
            "all results."
        )
    elif in_test:
        said.append(
            f"note: {in_test:,} of {len(molecules.smiles):,} molecules are not learned: they are "
            "in a test part of one of the splits, or differ from one that is in stereo alone. "
            "Validation molecules are learned, without their labels."
        )
    return said


def _kept_folder(
    adaptation: Adaptation, molecules: TaskMolecules, config: AdaptationConfig
) -> Path:
    """Return where an adapted encoder is kept: by a short name, or with a key where that is not it.

    The short one is of default settings, and belongs to whoever has it first.
    """
    recipe = adaptation.recipe
    short = f"{adaptation.base.name}-{file_name(molecules.names)}"
    key = files.sha256_json(recipe)[:_KEY_DIGITS]
    named = adapted.store() / file_name([short])
    with_key = named.with_name(f"{named.name[:_LONGEST_NAME]}-{key}")
    if config.chosen() or len(named.name) > _LONGEST_NAME or with_key.is_dir():
        return with_key
    there = whose(named)
    is_it = there is None or all(there.get(name) == value for name, value in recipe.items())
    return named if is_it else with_key
