"""A whole study: datasets x splits x weak encoders, kept in a run folder that can go on."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import tomli_w
from filelock import FileLock

from w2s_mol import __version__, files
from w2s_mol.datasets.dataset import Dataset
from w2s_mol.datasets.loading import dataset_names, expand_datasets, load_dataset
from w2s_mol.embeddings.store import stored_embeddings
from w2s_mol.encoders.contract import Embeddings, Encoder
from w2s_mol.encoders.loading import SHIPPED, expand_encoders, load_encoder, shipped_encoders
from w2s_mol.errors import InputError
from w2s_mol.heads.linear import head_fitter
from w2s_mol.manifest import environment
from w2s_mol.progress import Progress, silent
from w2s_mol.study.config import StudyConfig
from w2s_mol.study.protocol import protocol_parts, supervise
from w2s_mol.study.results import StudyContext, WeakIdentity, prediction_rows, result_rows

RESULTS = "results.parquet"
PREDICTIONS = "predictions.parquet"
MANIFEST = "manifest.json"
_PARTS = "parts"
_CSV = "results.csv"
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
    """

    results: pd.DataFrame
    predictions: pd.DataFrame
    notes: dict[str, list[str]]
    seconds: dict[str, float]
    folder: Path | None = None
    computed: bool = True


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
    config = config or StudyConfig(**settings)
    started = time.monotonic()
    access: dict[str, Any] = {"mirror": mirror, "offline": offline, "progress": progress}
    datasets = [_load(name, config, access) for name in _dataset_names(config)]
    _refuse_same_names(datasets)
    weak = _load_weak(config, device, access)
    strong = load_encoder(config.strong, device, **access)
    context = StudyContext(
        config=config,
        study=_study_id(config, datasets, [*(e.fingerprint for _, e in weak), strong.fingerprint]),
        weak=[_identity(family, encoder) for family, encoder in weak],
        strong=strong.name,
        strong_sha256=files.sha256_bytes(strong.fingerprint.encode()),
    )
    study = _Study(context, [encoder for _, encoder in weak], strong, datasets)
    if output_dir is None:
        parts = [(r, p) for _, _, r, p in study.parts(progress)]
        return StudyResult(
            pd.concat([r for r, _ in parts], ignore_index=True),
            pd.concat([p for _, p in parts], ignore_index=True),
            study.notes,
            study.seconds,
        )
    return _run_in_folder(study, Path(output_dir), started, progress)


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
    }
    # Beside a CSV of the user's own, its options do not concern the named datasets.
    with_own = any(n not in dataset_names() for n in _dataset_names(config))
    options = {} if with_own and name in dataset_names() else own
    return load_dataset(name, on_invalid=config.on_invalid, **options, **access)


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
    return Path(name).resolve().parent.name if Path(name).is_dir() else name


def _identity(family: str, encoder: Encoder) -> WeakIdentity:
    metadata = getattr(encoder, "metadata", {})
    sha256 = files.sha256_bytes(encoder.fingerprint.encode())
    return WeakIdentity(encoder.name, family, encoder.hidden, metadata.get("seed"), sha256)


def _study_id(config: StudyConfig, datasets: list[Dataset], encoders: list[str]) -> str:
    content = [
        __version__,
        # Paths and names may differ where the content is the same; the encoders' hashes count.
        {k: v for k, v in config.as_toml().items() if k not in _NAMED_BY_CONTENT},
        [[d.name, d.sha256, [[s.name, s.sha256] for s in d.splits]] for d in datasets],
        encoders,
    ]
    return files.sha256_json(content)[:16]


class _Study:
    """A study with everything loaded, computed part by part (a part is one dataset's split)."""

    def __init__(
        self,
        context: StudyContext,
        weak: list[Encoder],
        strong: Encoder,
        datasets: list[Dataset],
    ) -> None:
        self.context = context
        self._weak = weak
        self._strong = strong
        self._datasets = datasets
        self.notes: dict[str, list[str]] = {d.name: d.notes for d in datasets}
        self.seconds: dict[str, float] = {}

    def device(self) -> str:
        """Return what the strong encoder ran on."""
        return str(getattr(self._strong, "device", "cpu"))

    def part_names(self) -> list[str]:
        """Return a file name for each part, by number: names of datasets may hold anything."""
        counts = enumerate(len(dataset.splits) for dataset in self._datasets)
        return [_part_name(d, s) for d, splits in counts for s in range(splits)]

    def contents(self) -> dict[str, Any]:
        """Return what identifies the datasets, for the manifest."""
        return {
            d.name: {"sha256": d.sha256, "splits": {s.name: s.sha256 for s in d.splits}}
            for d in self._datasets
        }

    def parts(
        self, progress: Progress, done: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str, Dataset, pd.DataFrame, pd.DataFrame]]:
        """Yield name, dataset, results and predictions of each part that is not done."""
        config = self.context.config
        fit = head_fitter(config.head, epochs=config.head_epochs, seed=config.seed)
        for place, original in enumerate(self._datasets):
            dataset, weak, strong = self._embedded(original, progress)
            for number, split in enumerate(dataset.splits):
                name = _part_name(place, number)
                progress(f"fitting heads on {dataset.name}", number, len(dataset.splits))
                if name not in done:
                    started = time.monotonic()
                    parts = protocol_parts(split, config.protocol, config.seed)
                    found = supervise(weak, strong, dataset.labels, parts, fit)
                    results = result_rows(self.context, dataset, split, found)
                    predictions = prediction_rows(self.context, dataset, split, found)
                    self.seconds[f"heads {dataset.name} {split.name}"] = round(
                        time.monotonic() - started, 3
                    )
                    yield name, dataset, results, predictions
                progress(f"fitting heads on {dataset.name}", number + 1, len(dataset.splits))

    def _embedded(
        self, dataset: Dataset, progress: Progress
    ) -> tuple[Dataset, list[np.ndarray], np.ndarray]:
        """Embed a dataset with every encoder, on the molecules that all of them represent."""
        embedded: list[Embeddings] = []
        for encoder in [*self._weak, self._strong]:
            started = time.monotonic()
            pooling = self.context.config.pooling if encoder.hidden else None
            embedded.append(stored_embeddings(encoder, dataset.smiles, pooling, progress))
            seconds = round(time.monotonic() - started, 3)
            self.seconds[f"embedding {dataset.name} {encoder.name}"] = seconds
        valid = np.logical_and.reduce([e.valid for e in embedded])
        if not valid.all():
            self._refuse_or_note(dataset, embedded, valid)
        arrays = [e.embeddings[valid] for e in embedded]
        return dataset.keep(valid), arrays[:-1], arrays[-1]

    def _refuse_or_note(
        self, dataset: Dataset, embedded: list[Embeddings], valid: np.ndarray
    ) -> None:
        row = int(np.flatnonzero(~valid)[0])
        encoders = [*self._weak, self._strong]
        encoder, reason = next(
            (encoder.name, e.reasons[row])
            for encoder, e in zip(encoders, embedded, strict=True)
            if not e.valid[row]
        )
        what = f"encoder {encoder} cannot represent SMILES {dataset.smiles[row]!r}: {reason}"
        if self.context.config.on_invalid == "error":
            raise InputError(
                f"{dataset.where(row)}: {what}. Fix the row, or pass --on-invalid skip."
            )
        count = int((~valid).sum())
        self.notes[dataset.name].append(
            f"{count} molecules left out that an encoder cannot represent (first: "
            f"{dataset.where(row)}: {what})"
        )


def _part_name(dataset: int, split: int) -> str:
    return f"{dataset:03d}-{split:03d}"


def _run_in_folder(study: _Study, folder: Path, started: float, progress: Progress) -> StudyResult:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire()
    except OSError as error:
        raise files.write_error(folder, error) from error
    with lock:
        if _is_finished(folder, study):
            return _read(folder)
        _begin(folder, study)
        for name, _, results, predictions in study.parts(progress, _done(folder)):
            _write_parquet(folder / _PARTS / f"{name}.predictions.parquet", predictions)
            _write_parquet(folder / _PARTS / f"{name}.results.parquet", results)
        return _finish(folder, study, started)


def _manifest(folder: Path) -> dict[str, Any] | None:
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if {"study", "finished", "config", "w2s_mol"} <= manifest.keys():
            return dict(manifest)
        fault = "it lacks what a manifest has"
    except (OSError, ValueError, AttributeError) as error:
        fault = str(error)
    raise InputError(f"{path} cannot be read: {fault}. Remove the folder and run it again.")


def _is_finished(folder: Path, study: _Study) -> bool:
    manifest = _manifest(folder)
    if manifest is None:
        foreign = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
        if foreign:
            raise InputError(
                f"{folder} holds other files ({foreign[0]}). Choose another --output-dir."
            )
        return False
    if manifest["study"] != study.context.study:
        if not manifest["finished"] and not _done(folder):
            return False  # begun and refused for its input: nothing there is worth keeping
        raise InputError(
            f"{folder} holds another study ({_difference(manifest, study)}). Choose another "
            "--output-dir, or remove it."
        )
    return bool(manifest["finished"])


def _difference(manifest: dict[str, Any], study: _Study) -> str:
    if manifest["w2s_mol"] != __version__:
        return f"made by w2s-mol {manifest['w2s_mol']}, this is {__version__}"
    asked = study.context.config.as_toml()
    for name, value in asked.items():
        if manifest["config"].get(name) != value:
            return f"its {name} is {manifest['config'].get(name)}, not {value}"
    return "its molecules, splits or encoders have another content"


def _begin(folder: Path, study: _Study) -> None:
    # The manifest comes first: it marks the folder as this study's, whenever the run is killed.
    _write_manifest(folder, study, finished=False)
    config = study.context.config.as_toml()
    files.write_text(folder / "config.toml", tomli_w.dumps(config))


def _write_manifest(folder: Path, study: _Study, *, finished: bool, **more: Any) -> None:
    context = study.context
    manifest = {
        "study": context.study,
        "finished": finished,
        "config": context.config.as_toml(),
        "strong": {"name": context.strong, "sha256": context.strong_sha256},
        "weak": [vars(weak) for weak in context.weak],
        "datasets": study.contents(),
        "notes": study.notes,
        **environment(),
        **more,
    }
    files.write_json(folder / MANIFEST, manifest)


def _done(folder: Path) -> frozenset[str]:
    """Return the names of the parts whose both files are whole; others are computed again."""
    names = (p.name.split(".")[0] for p in (folder / _PARTS).glob("*.results.parquet"))
    kinds = ("results", "predictions")
    return frozenset(
        name
        for name in names
        if all(_is_parquet(folder / _PARTS / f"{name}.{kind}.parquet") for kind in kinds)
    )


def _is_parquet(path: Path) -> bool:
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    return True


def _finish(folder: Path, study: _Study, started: float) -> StudyResult:
    names = study.part_names()
    results = _concatenated(folder, names, "results")
    predictions = _concatenated(folder, names, "predictions")
    _write_parquet(folder / PREDICTIONS, predictions)
    _write_parquet(folder / RESULTS, results)
    _write_csv(folder, results)
    seconds = {"total": round(time.monotonic() - started, 3), **study.seconds}
    _write_manifest(folder, study, finished=True, seconds=seconds, device=study.device())
    shutil.rmtree(folder / _PARTS, ignore_errors=True)
    return StudyResult(results, predictions, study.notes, seconds, folder)


def _concatenated(folder: Path, names: list[str], kind: str) -> pd.DataFrame:
    frames = [pd.read_parquet(folder / _PARTS / f"{name}.{kind}.parquet") for name in names]
    return pd.concat(frames, ignore_index=True)


def _write_csv(folder: Path, results: pd.DataFrame) -> None:
    files.write_text(folder / _CSV, results.to_csv(index=False, lineterminator="\n"))


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    with files.atomic_path(path) as temporary:
        frame.to_parquet(temporary, index=False)


def _read(folder: Path) -> StudyResult:
    manifest = _manifest(folder) or {}
    for name in (RESULTS, PREDICTIONS):
        if not _is_parquet(folder / name):
            raise InputError(
                f"{folder / name} is missing or damaged. Remove {folder} and run it again; what "
                "was embedded is kept."
            )
    results = pd.read_parquet(folder / RESULTS)
    if not (folder / _CSV).exists():
        _write_csv(folder, results)
    return StudyResult(
        results,
        pd.read_parquet(folder / PREDICTIONS),
        manifest.get("notes", {}),
        manifest.get("seconds", {}),
        folder,
        computed=False,
    )
