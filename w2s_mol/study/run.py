"""A whole study: datasets x splits x weak encoders, kept in a run folder that can go on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from w2s_mol import files
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.faults import left_out_note
from w2s_mol.datasets.loading import load_dataset
from w2s_mol.datasets.named import dataset_names, expand_datasets
from w2s_mol.embeddings.store import stored_embeddings
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.encoders.loading import (
    FILE_PREFIX,
    SHIPPED,
    expand_encoders,
    load_encoder,
    shipped_encoders,
)
from w2s_mol.encoders.random_bert import FAMILY, is_random
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import head_fitter
from w2s_mol.progress import Progress, silent
from w2s_mol.run_folder import Tables, carry_out
from w2s_mol.settings_check import check, made, wrong
from w2s_mol.study.config import SELF, StudyConfig
from w2s_mol.study.exposure import exposures
from w2s_mol.study.protocol import protocol_parts, supervise
from w2s_mol.study.results import (
    RESULTS_FORMAT,
    StudyContext,
    WeakIdentity,
    prediction_rows,
    result_rows,
)
from w2s_mol.study.unreadable import faults_of, refuse, refuse_constant, refuse_unreadable
from w2s_mol.threads import one_thread

_NAMED_BY_CONTENT = {"weak", "strong", "dataset", "split_file"}


@dataclass(frozen=True)
class StudyResult:
    """What a study found.

    Attributes
    ----------
    results
        One row a supervisor, split and part; columns in ``study.results.RESULT_COLUMNS``.
    predictions
        One row a supervisor, split and molecule.
    notes
        What a reader should know of each dataset.
    seconds
        How long each piece of work took.
    folder
        Where it is written, if anywhere.
    computed
        False if a finished run was found in the folder and nothing was computed.
    mended
        Names of its files that were found damaged or lost and are written again.
    """

    results: pd.DataFrame
    predictions: pd.DataFrame
    notes: dict[str, list[str]]
    seconds: dict[str, float]
    folder: Path | None = None
    computed: bool = True
    mended: tuple[str, ...] = ()


def run_study(
    config: StudyConfig | None = None,
    *,
    output_dir: str | Path | None = None,
    device: str = "auto",
    mirror: str | None = None,
    offline: bool = False,
    progress: Progress = silent,
    **settings: Any,
) -> StudyResult:
    """Run a weak-to-strong study.

    Parameters
    ----------
    config
        What to study; or give the fields of ``StudyConfig`` as keywords.
    output_dir
        A run folder: ``results.csv`` and ``.parquet``, ``predictions.parquet``, ``config.toml``
        and ``manifest.json``. A folder with the same study goes on where it stopped, and a
        finished one is read, not repeated. None writes nothing.
    device
        ``auto``, ``cpu`` or ``cuda``.
    mirror, offline, progress
        As in ``fetch``.

    Raises
    ------
    InputError
        If a setting, a dataset or an encoder cannot be used, or ``output_dir`` holds another
        study.
    DownloadError
        If something cannot be fetched.

    Examples
    --------
    >>> study = run_study(dataset="computed-logp", weak="weak-h8-s0", strong="ecfp")
    >>> len(study.results)  # 1 supervisor x 3 splits x train, valid, test
    9
    """
    if config is not None and settings:
        raise InputError("give either a StudyConfig or its fields, not both.")
    if not isinstance(config, StudyConfig | None):
        raise wrong("config", config, "a StudyConfig")
    config = config or made(StudyConfig, settings)
    device, folder = check("device", device, str), check("output_dir", output_dir, str | None)
    mirror, offline = check("mirror", mirror, str | None), check("offline", offline, bool)
    access: dict[str, Any] = {"mirror": mirror, "offline": offline, "progress": progress}
    datasets = [_load(name, config, access) for name in _dataset_names(config)]
    _refuse_same_names(datasets)
    weak = _load_weak(config, device, access)
    strong = None if config.strong == SELF else load_encoder(config.strong, device, **access)
    strong_fingerprint = strong.fingerprint if strong else SELF
    for encoder in [*(e for _, e in weak), *([strong] if strong else [])]:
        encoder.max_atoms = config.max_atoms
    context = StudyContext(
        config=config,
        study=_study_id(config, datasets, [*(e.fingerprint for _, e in weak), strong_fingerprint]),
        weak=[_identity(family, encoder) for family, encoder in weak],
        strong=strong.name if strong else SELF,
        strong_sha256=files.sha256_bytes(strong_fingerprint.encode()),
    )
    study = _Study(context, [encoder for _, encoder in weak], strong, datasets)
    finished = carry_out(study, Path(folder) if folder else None, progress)
    return StudyResult(
        finished.tables["results"],
        finished.tables["predictions"],
        finished.manifest["notes"],
        finished.manifest["seconds"],
        finished.folder,
        finished.computed,
        finished.mended,
    )


def _dataset_names(config: StudyConfig) -> list[str]:
    names = [n for name in config.dataset for n in expand_datasets(name)]
    return list(dict.fromkeys(names))


def _refuse_same_names(datasets: list[Dataset]) -> None:
    [(name, count)] = Counter(dataset.name for dataset in datasets).most_common(1)
    if count > 1:
        raise InputError(f"{count} datasets are called {name!r}. Rename one of the files.")


def _load(name: str, config: StudyConfig, access: dict[str, Any]) -> Dataset:
    own: dict[str, Any] = {
        "smiles_column": config.smiles_column,
        "target_column": config.target_column,
        "unit": config.unit,
        "split_columns": config.split_column,
        "split_files": config.split_file,
        "split": config.split,
        "split_seeds": config.split_seeds,
        "delimiter": config.delimiter,
    }
    # Beside a CSV of the user's own, its options do not concern the named datasets.
    with_own = any(n not in dataset_names() for n in _dataset_names(config))
    options = {} if with_own and name in dataset_names() else own
    limits: dict[str, Any] = {"on_invalid": config.on_invalid, "max_atoms": config.max_atoms}
    return load_dataset(name, **limits, **options, **access)


def _load_weak(
    config: StudyConfig, device: str, access: dict[str, Any]
) -> list[tuple[str, Encoder]]:
    """Load the weak encoders with the families they belong to."""
    loaded: dict[str, tuple[str, Encoder]] = {}
    for name in dict.fromkeys(n for given in config.weak for n in expand_encoders(given)):
        encoder = load_encoder(name, device, **access)
        loaded.setdefault(encoder.fingerprint, (_family(name), encoder))
    if not loaded:
        raise InputError(
            "there is no weak encoder: the project ships none here. Pretrain some with "
            "'w2s-mol pretrain-weak', and pass --weak with their folder."
        )
    called = Counter((family, encoder.name) for family, encoder in loaded.values())
    [((family, name), count)] = called.most_common(1)
    if count > 1:
        raise InputError(
            f"{count} different weak encoders are called {name!r} in folders called {family!r}. "
            "Rename one of the folders."
        )
    return list(loaded.values())


def _family(name: str) -> str:
    """Return the family of a weak encoder: the folder it lies in, beside its kin."""
    if name in shipped_encoders():
        return SHIPPED
    if is_random(name):
        return FAMILY
    if name.startswith(FILE_PREFIX) or Path(name).is_dir():
        return Path(name.removeprefix(FILE_PREFIX)).expanduser().resolve().parent.name
    return name


def _identity(family: str, encoder: Encoder) -> WeakIdentity:
    metadata = getattr(encoder, "metadata", {})
    sha256 = files.sha256_bytes(encoder.fingerprint.encode())
    seed = metadata.get("seed") if isinstance(metadata.get("seed"), int) else None
    return WeakIdentity(encoder.name, family, encoder.hidden, seed, sha256, metadata)


def _study_id(config: StudyConfig, datasets: list[Dataset], encoders: list[str]) -> str:
    content = [
        RESULTS_FORMAT,
        # Paths and names may differ where the content is the same; the encoders' hashes count.
        # Options that a later version adds leave the id as it is where they are not used.
        {k: v for k, v in config.chosen().items() if k not in _NAMED_BY_CONTENT},
        [[d.name, d.sha256, [[s.name, s.sha256] for s in d.splits]] for d in datasets],
        encoders,
    ]
    return files.sha256_json(content)[:16]


class _Study:
    """A study with everything loaded, a ``run_folder.Run``; a part is one dataset's split."""

    kind = "study"
    format = RESULTS_FORMAT
    tables: tuple[str, ...] = ("results", "predictions")

    def __init__(
        self,
        context: StudyContext,
        weak: list[Encoder],
        strong: Encoder | None,
        datasets: list[Dataset],
    ) -> None:
        self.context = context
        self.run_id = context.study
        self._encoders = weak if strong is None else [*weak, strong]
        self._datasets = datasets
        self._named = {*dataset_names()} & {*_dataset_names(context.config)}
        self._notes: dict[str, list[str]] = {d.name: d.notes for d in datasets}
        for encoder in self._encoders:
            if encoder.notes:  # a dataset may be called so as well
                self._notes.setdefault(f"encoder {encoder.name}", []).extend(encoder.notes)
        self._seconds: dict[str, float] = {}

    def config(self) -> dict[str, Any]:
        return self.context.config.as_toml()

    def chosen(self) -> dict[str, Any]:
        return self.context.config.chosen()

    def manifest(self) -> dict[str, Any]:
        return {
            "strong": {"name": self.context.strong, "sha256": self.context.strong_sha256},
            "weak": [vars(weak) for weak in self.context.weak],
            "datasets": {
                d.name: {
                    "sha256": d.sha256,
                    "splits": {s.name: s.sha256 for s in d.splits},
                    "exposure": exposures(d.name, d.name in self._named, self._encoders),
                }
                for d in self._datasets
            },
            "notes": self._notes,
        }

    def measured(self) -> dict[str, Any]:
        device = str(getattr(self._encoders[-1], "device", "cpu"))
        encoders = [
            {
                "name": encoder.name,
                "device": str(getattr(encoder, "device", "cpu")),
                "precision": encoder.precision,
                "revision": encoder.revision,
            }
            for encoder in self._encoders
        ]
        return {"seconds": self._seconds, "device": device, "encoders": encoders}

    def part_names(self) -> list[str]:
        # By number: names of datasets may hold anything.
        counts = enumerate(len(dataset.splits) for dataset in self._datasets)
        return [_part_name(d, s) for d, splits in counts for s in range(splits)]

    def parts(self, progress: Progress, done: frozenset[str]) -> Iterator[tuple[str, Tables]]:
        config = self.context.config
        shuffle_seed = config.seed if config.shuffle_weak_labels else None
        fit = head_fitter(config.head, epochs=config.head_epochs, seed=config.seed)
        for place, original in enumerate(self._datasets):
            dataset, embedded = self._embedded(original, progress)
            weak = embedded[: len(self.context.weak)]
            strong = embedded[-1] if len(embedded) > len(weak) else None
            for number, split in enumerate(dataset.splits):
                name = _part_name(place, number)
                progress(f"fitting heads on {dataset.name}", number, len(dataset.splits))
                if name not in done:
                    started = time.monotonic()
                    parts = protocol_parts(split, config.protocol, config.seed)
                    with one_thread(torch_too=config.head == "adamw"):
                        found = supervise(weak, strong, dataset.labels, parts, fit, shuffle_seed)
                    tables = {
                        "results": result_rows(self.context, dataset, split, found),
                        "predictions": prediction_rows(self.context, dataset, split, found),
                    }
                    self._seconds[f"heads {dataset.name} {split.name}"] = round(
                        time.monotonic() - started, 3
                    )
                    yield name, tables
                progress(f"fitting heads on {dataset.name}", number + 1, len(dataset.splits))

    def _embedded(self, dataset: Dataset, progress: Progress) -> tuple[Dataset, list[np.ndarray]]:
        """Embed a dataset with every encoder, on the molecules that all of them represent."""
        strict = self.context.config.on_invalid == "error"
        if strict:
            refuse_unreadable(self._encoders, dataset)
        embedded: list[Embeddings] = []
        for encoder in self._encoders:
            started = time.monotonic()
            pooling = self.context.config.pooling if encoder.hidden else None
            embedded.append(stored_embeddings(encoder, dataset.smiles, pooling, progress))
            refuse_constant(encoder, dataset, embedded[-1])
            seconds = round(time.monotonic() - started, 3)
            self._seconds[f"embedding {dataset.name} {encoder.name}"] = seconds
        named = zip(self._encoders, embedded, strict=True)
        faults = faults_of(dataset, ((encoder.name, e.reasons) for encoder, e in named))
        if strict:
            refuse(dataset, faults)
        elif faults:
            self._notes[dataset.name].append(left_out_note(faults))
        valid = np.logical_and.reduce([e.valid for e in embedded])
        return dataset.keep(valid), [e.embeddings[valid] for e in embedded]


def _part_name(dataset: int, split: int) -> str:
    return f"{dataset:03d}-{split:03d}"
