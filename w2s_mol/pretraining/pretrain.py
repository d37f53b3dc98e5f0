"""From a pretraining's settings to encoders on disk: fetch, prepare, train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2s_mol.datasets.fetch import fetch
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.named import PAPER_DATASETS
from w2s_mol.encoders.devices import resolve_device
from w2s_mol.errors import InputError
from w2s_mol.pretraining import devices
from w2s_mol.pretraining.config import GUACAMOL, CorpusConfig, PretrainingConfig, WeakConfig
from w2s_mol.pretraining.corpus import CorpusSettings, PreparedCorpus, hold_out, prepare_corpus
from w2s_mol.pretraining.corpus_file import check_is_file
from w2s_mol.pretraining.run import check_before_preparing, pretrain_encoders
from w2s_mol.pretraining.shards import Preparation
from w2s_mol.progress import Progress, silent
from w2s_mol.settings_check import Count, check, made, wrong

Announce = Callable[[str], None]


def pretrain(
    config: PretrainingConfig | None = None,
    *,
    output_dir: str | Path = "encoders",
    resume: bool = False,
    device: str = "auto",
    workers: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda _: None,
    **settings: Any,
) -> dict[str, dict[str, Any]]:
    """Pretrain encoders on a SMILES corpus; each becomes a folder that ``AutoModel`` loads.

    In a script this is to be called under ``if __name__ == "__main__":``, as all that starts
    processes. Under ``torchrun`` every process calls it, and the first one writes and speaks.

    Parameters
    ----------
    config
        What to train on what, a ``WeakConfig`` or a ``StrongConfig``; or give the fields of
        ``WeakConfig`` as keywords.
    output_dir
        Gets a folder an encoder, ``weak-hSIZE-sSEED`` or ``strong-hSIZE-lLAYERS-sSEED``. Finished
        ones made in the same way are left as they are.
    resume
        Go on from the last checkpoint, if there is one.
    device
        ``auto``, ``cpu`` or ``cuda``.
    workers
        Processes that prepare the corpus; by default one a core.
    mirror, offline, progress
        As in ``fetch``.
    announce
        Told what was left out of the corpus, and what is trained on, before the training begins.

    Returns
    -------
    dict
        For each encoder how it was made, as in its ``w2s_mol.json``: settings, corpus, losses.

    Raises
    ------
    InputError
        If a setting or the corpus cannot be used, or a folder holds another encoder, or unfinished
        ones and ``resume`` is not asked for.
    DownloadError
        If something cannot be fetched.
    W2SMolError
        If a loss becomes NaN or infinite, or the disk is full.

    Examples
    --------
    >>> made = pretrain(hidden=[8, 32], corpus="my.smi", epochs=1)  # doctest: +SKIP
    >>> made["weak-h8-s0"]["final"]["loss"]  # doctest: +SKIP
    2.41
    """
    config = _config(config, settings)
    folder = Path(check("output_dir", output_dir, str))
    resume = check("resume", resume, bool)
    encoders = config.encoders()
    chosen = resolve_device(check("device", device, str))
    devices.join_processes(chosen)
    training = config.training(devices.best_precision(chosen))
    access = _Access.of(workers, mirror, offline, progress, announce)
    if not devices.is_first_process():
        access = _Access(access.workers, access.mirror, access.offline)
    check_before_preparing(encoders, training, _preparation(config), folder, resume)
    with devices.first_process_first():
        train, validation = _corpora(config, access)
    access.announce(
        f"{len(train):,} molecules to train on, {len(validation):,} to validate, "
        f"{chosen}, {training.precision}"
    )
    return pretrain_encoders(
        encoders,
        training,
        train,
        validation,
        folder,
        resume=resume,
        device=chosen,
        progress=access.progress,
    )


def prepare(
    config: CorpusConfig,
    *,
    workers: int | None = None,
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    announce: Announce = lambda _: None,
) -> PreparedCorpus:
    """Prepare the corpus of a pretraining, which finds it prepared.

    Parameters
    ----------
    config
        Which corpus, and how.
    workers, mirror, offline, progress, announce
        As in ``pretrain``.

    Raises
    ------
    InputError
        If a setting or the corpus cannot be used.
    DownloadError
        If something cannot be fetched.
    """
    access = _Access.of(workers, mirror, offline, progress, announce)
    file, _ = _corpus_files(config, access)
    return _prepared(file, config, config.molecules, _left_out(config, access), access)


@dataclass(frozen=True)
class _Access:
    """How corpora are come by, and who is told."""

    workers: int | None
    mirror: str | None
    offline: bool
    progress: Progress = silent
    announce: Announce = lambda _: None

    @classmethod
    def of(
        cls, workers: Any, mirror: Any, offline: Any, progress: Progress, announce: Announce
    ) -> _Access:
        """Return it with what a caller gave checked."""
        return cls(
            check("workers", workers, Count | None),
            check("mirror", mirror, str | None),
            check("offline", offline, bool),
            progress,
            announce,
        )


def _config(config: PretrainingConfig | None, settings: dict[str, Any]) -> PretrainingConfig:
    if config is None:
        return made(WeakConfig, settings)
    if settings:
        raise InputError("give either a WeakConfig or StrongConfig or fields, not both.")
    if not isinstance(config, PretrainingConfig):
        raise wrong("config", config, "a WeakConfig or a StrongConfig")
    return config


def _preparation(config: CorpusConfig) -> Preparation:
    return Preparation(config.renumberings, config.max_length, max_atoms=config.max_atoms)


def _corpora(config: PretrainingConfig, access: _Access) -> tuple[PreparedCorpus, PreparedCorpus]:
    """Return what is trained on and what is validated on."""
    train_file, own_valid = _corpus_files(config, access)
    valid_file = Path(config.valid_corpus) if config.valid_corpus is not None else own_valid
    if valid_file is not None:
        check_is_file(valid_file)
    exclude = _left_out(config, access)
    train = _prepared(train_file, config, config.molecules, exclude, access)
    if valid_file is None:
        return hold_out(train, config.valid_molecules)
    return train, _prepared(valid_file, config, config.valid_molecules, exclude, access)


def _corpus_files(config: CorpusConfig, access: _Access) -> tuple[Path, Path | None]:
    """Return the files to train on and, of GuacaMol, which is fetched, to validate on."""
    if config.corpus == GUACAMOL:
        train, valid, _ = fetch(GUACAMOL, access.mirror, access.offline, access.progress)
        return train, valid
    if not Path(config.corpus).is_file():
        raise InputError(
            f"corpus {config.corpus} is not a file. Give one with one SMILES a line, or "
            f"{GUACAMOL}, which is fetched."
        )
    return Path(config.corpus), None


def _left_out(config: CorpusConfig, access: _Access) -> dict[str, list[str]]:
    """Return the SMILES of the evaluation datasets, by name, if they are to be left out."""
    given: dict[str, Any] = {"mirror": access.mirror, "offline": access.offline}
    names = PAPER_DATASETS if config.exclude_evaluation else ()
    return {
        name: list(load_dataset(name, progress=access.progress, **given).smiles) for name in names
    }


def _prepared(
    file: Path,
    config: CorpusConfig,
    lines: int | None,
    exclude: dict[str, list[str]],
    access: _Access,
) -> PreparedCorpus:
    """Prepare a corpus and say what of it was left out."""
    settings = CorpusSettings(lines, _preparation(config))
    corpus = prepare_corpus(file, settings, exclude, access.workers, access.progress)
    for reason, count in corpus.rejected.items():
        said = "line" if count == 1 else "lines"
        access.announce(f"note: {count:,} {said} of {corpus.name} left out: {reason}.")
    if corpus.rejected:
        access.announce(f"They are listed in {corpus.rejected_list}")
    return corpus
