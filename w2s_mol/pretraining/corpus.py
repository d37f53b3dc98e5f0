"""A SMILES corpus prepared once for all encoders: tokens of random renumberings, descriptors.

A prepared corpus is a folder of shards, each a safetensors file, keyed by the
content of the corpus and by what was asked for. Preparation can stop at any shard and go on.
"""

from __future__ import annotations

import gzip
import itertools
import json
import lzma
import multiprocessing
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from w2s_mol import files, paths
from w2s_mol.errors import InputError
from w2s_mol.molecules.descriptors import normalized_descriptors
from w2s_mol.molecules.smiles import MoleculeError, parse, parse_kekulized, write_kekulized
from w2s_mol.molecules.vocabulary import token_ids
from w2s_mol.progress import Progress, silent

SHARD_LINES = 2_000
HELD_OUT_EVERY = 50
_INDEX = "index.json"
FORMAT = 1
"""Raised when the content of a shard changes for the same corpus and settings."""


@dataclass(frozen=True)
class CorpusSettings:
    """What a corpus is prepared for.

    Attributes
    ----------
    molecules
        How many lines of the corpus are taken, from its start; None for all.
    renumberings
        Random atom orders written per molecule; epoch ``e`` reads number ``e % renumberings``.
    max_length
        Longest token sequence taken, [CLS] and [SEP] counted.
    seed
        Of the random atom orders.
    """

    molecules: int | None = None
    renumberings: int = 2
    max_length: int = 128
    seed: int = 0


@dataclass(frozen=True)
class PreparedCorpus:
    """A prepared corpus (for a million molecules, two renumberings: about 500 MB).

    Attributes
    ----------
    sha256
        Of the corpus file as it lay on disk.
    tokens, starts
        Renumbering ``r`` of molecule ``i`` begins at ``tokens[starts[r, i]]``.
    lengths
        Shape (renumberings, n), tokens with [CLS] and [SEP].
    descriptors
        Shape (n, 200), float16, in [0, 1].
    rejected
        How many lines were left out, by reason.
    """

    name: str
    sha256: str
    tokens: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    descriptors: NDArray[np.float16]
    rejected: dict[str, int]

    def __len__(self) -> int:
        return int(self.lengths.shape[1])


@dataclass(frozen=True)
class _Shard:
    path: Path
    first_line: int
    lines: list[str]
    settings: CorpusSettings


def _open_text(path: Path) -> IO[str]:
    openers = {".gz": gzip.open, ".xz": lzma.open}
    opener = openers.get(path.suffix, open)
    return opener(path, "rt", encoding="utf-8-sig")  # type: ignore[no-any-return, operator]


def read_lines(path: Path, limit: int | None = None) -> Iterator[str]:
    """Yield the lines of a plain, gzip or xz corpus.

    Raises
    ------
    InputError
        If the file does not exist or cannot be read as text.
    """
    try:
        with _open_text(path) as file:
            yield from itertools.islice((line.rstrip("\r\n") for line in file), limit)
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise InputError(
            f"cannot read corpus {path}: {error}. It should be UTF-8 text with one SMILES a line, "
            "plain or compressed as .gz or .xz."
        ) from error


def _random_orders(n_atoms: int, line: int, settings: CorpusSettings) -> list[list[int]]:
    generator = np.random.default_rng([settings.seed, line])
    return [generator.permutation(n_atoms).tolist() for _ in range(settings.renumberings)]


def _molecule(text: str, line: int, settings: CorpusSettings) -> tuple[list[list[int]], Chem.Mol]:
    """Return the token sequences and the parsed molecule of one line, or raise MoleculeError."""
    fields = text.split()
    if not fields:
        raise MoleculeError("blank line")
    kekulized = parse_kekulized(fields[0])
    orders = _random_orders(kekulized.GetNumAtoms(), line, settings)
    sequences = [token_ids(write_kekulized(kekulized, order)) for order in orders]
    if max(map(len, sequences)) > settings.max_length:
        raise MoleculeError(f"longer than {settings.max_length} tokens")
    return sequences, parse(fields[0])


def _reason(error: MoleculeError) -> str:
    text = str(error)
    return "an element or sign outside the vocabulary" if "outside" in text else text


def _prepare_shard(shard: _Shard) -> None:
    """Prepare one shard and write it, unless it is there."""
    import safetensors.numpy

    if shard.path.exists():
        return
    sequences: list[list[list[int]]] = []
    mols = []
    rejected: list[tuple[int, str, str]] = []
    with rdBase.BlockLogs():
        for line, text in enumerate(shard.lines, shard.first_line):
            try:
                molecule_sequences, mol = _molecule(text, line, shard.settings)
            except MoleculeError as error:
                rejected.append((line + 1, _reason(error), text))
            else:
                sequences.append(molecule_sequences)
                mols.append(mol)
        descriptors = normalized_descriptors(mols)
    by_renumbering = [
        [molecule[r] for molecule in sequences] for r in range(shard.settings.renumberings)
    ]
    flat = [sequence for group in by_renumbering for sequence in group]
    tensors = {
        "tokens": np.fromiter(itertools.chain.from_iterable(flat), dtype=np.uint8),
        "lengths": np.array([len(s) for s in flat], dtype=np.int64).reshape(
            shard.settings.renumberings, len(mols)
        ),
        "descriptors": descriptors.astype(np.float16),
    }
    data = safetensors.numpy.save(tensors, metadata={"rejected": json.dumps(rejected)})
    files.write_bytes(shard.path, data)


def _shards(folder: Path, lines: Iterable[str], settings: CorpusSettings) -> Iterator[_Shard]:
    iterator = iter(lines)
    for number in itertools.count():
        chunk = list(itertools.islice(iterator, SHARD_LINES))
        if not chunk:
            return
        path = folder / f"{number:05d}.safetensors"
        yield _Shard(path, number * SHARD_LINES, chunk, settings)


def prepare_corpus(
    path: Path,
    settings: CorpusSettings | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> PreparedCorpus:
    """Prepare a corpus for pretraining, or take it from the cache.

    Parameters
    ----------
    path
        One SMILES a line (what follows a blank on the line is ignored); plain, .gz or .xz.
    settings
        What to prepare.
    workers
        Processes; by default one per core.
    progress
        Told the number of lines done.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no molecule that can be used.
    """
    settings = settings or CorpusSettings()
    if not path.is_file():
        raise InputError(f"corpus {path} is not a file. Give one with one SMILES a line.")
    sha256 = files.sha256_file(path)
    key = files.sha256_json(
        {
            "format": [FORMAT, SHARD_LINES],
            "corpus": sha256,
            "rdkit": rdBase.rdkitVersion,
            **asdict(settings),
        }
    )
    folder = paths.home() / "corpora" / key[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.write_error(folder, error) from error
    with FileLock(folder / ".lock"):
        index = _read_index(folder)
        if index is None:
            shards = _run(folder, path, settings, workers, progress)
            hashes = {name: files.sha256_file(folder / name) for name in shards}
            index = {"corpus": path.name, "sha256": sha256, "shards": hashes}
            files.write_json(folder / _INDEX, index)
    return _load(folder, index, path)


def _read_index(folder: Path) -> dict[str, Any] | None:
    """Return the index of a whole corpus; remove the shards that were altered."""
    try:
        index: dict[str, Any] = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        hashes = dict(index["shards"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    altered = [
        folder / name
        for name, sha256 in hashes.items()
        if not (folder / name).is_file() or files.sha256_file(folder / name) != sha256
    ]
    for path in altered:
        path.unlink(missing_ok=True)
    return None if altered else index


def hold_out(corpus: PreparedCorpus, most: int) -> tuple[PreparedCorpus, PreparedCorpus]:
    """Part a corpus: every 50th molecule, at most so many, to validate on; the rest to train."""
    every = np.arange(len(corpus)) % HELD_OUT_EVERY == 0
    every &= np.cumsum(every) <= most
    if len(corpus) < HELD_OUT_EVERY:
        raise InputError(
            f"corpus {corpus.name} has {len(corpus)} usable molecules, too few to hold some out "
            f"for the validation loss. Give {HELD_OUT_EVERY} or more, or pass --valid-corpus."
        )
    return _taken(corpus, ~every), _taken(corpus, every)


def _taken(corpus: PreparedCorpus, molecules: NDArray[np.bool_]) -> PreparedCorpus:
    return replace(
        corpus,
        starts=corpus.starts[:, molecules],
        lengths=corpus.lengths[:, molecules],
        descriptors=corpus.descriptors[molecules],
    )


def _follow_parent() -> None:
    """Make a worker leave Ctrl-C to its parent, and end when the parent does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _run(
    folder: Path, path: Path, settings: CorpusSettings, workers: int | None, progress: Progress
) -> list[str]:
    names, done = [], 0
    context = multiprocessing.get_context("spawn")
    work = f"preparing {path.name}"
    shards = list(_shards(folder, read_lines(path, settings.molecules), settings))
    total = sum(len(shard.lines) for shard in shards)
    progress(work, 0, total)
    with ProcessPoolExecutor(workers or os.cpu_count(), context, _follow_parent) as pool:
        try:
            for shard, _ in zip(shards, pool.map(_prepare_shard, shards), strict=True):
                names.append(shard.path.name)
                done += len(shard.lines)
                progress(work, done, total)
        except BaseException:
            # Leaving the block waits for shards at work; their processes are not worth waiting for.
            for process in list(pool._processes.values()):  # noqa: SLF001
                process.terminate()
            raise
    return names


def _load(folder: Path, index: dict[str, Any], path: Path) -> PreparedCorpus:
    from safetensors import safe_open

    tokens, lengths, descriptors = [], [], []
    rejected: Counter[str] = Counter()
    for name in index["shards"]:
        with safe_open(folder / name, framework="numpy") as shard:
            tokens.append(shard.get_tensor("tokens"))
            lengths.append(shard.get_tensor("lengths"))
            descriptors.append(shard.get_tensor("descriptors"))
            rejected.update(reason for _, reason, _ in json.loads(shard.metadata()["rejected"]))
    if not lengths or sum(part.shape[1] for part in lengths) == 0:
        raise InputError(
            f"corpus {path} holds no molecule that can be used ({_counted(rejected)}). "
            "It should have one SMILES a line."
        )
    starts = _starts(lengths)
    return PreparedCorpus(
        name=index["corpus"],
        sha256=index["sha256"],
        tokens=np.concatenate(tokens),
        starts=starts,
        lengths=np.concatenate(lengths, axis=1),
        descriptors=np.concatenate(descriptors),
        rejected=dict(rejected),
    )


def _starts(lengths: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return where each sequence starts when the shards' tokens are laid end to end."""
    starts, offset = [], 0
    for part in lengths:
        ends = np.cumsum(part.ravel())
        starts.append(offset + (ends - part.ravel()).reshape(part.shape))
        offset += int(ends[-1]) if ends.size else 0
    return np.concatenate(starts, axis=1)


def _counted(rejected: Counter[str]) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in rejected.items()) or "it is empty"
