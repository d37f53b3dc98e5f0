"""A SMILES corpus prepared once for all encoders: tokens of random renumberings, descriptors.

The shards of a corpus lie in one folder, keyed by the content of the corpus and by how its
molecules are prepared; preparation can stop at any shard and go on, and takes more lines of the
same corpus later. What of them is trained on (how many lines, without duplicates, without the
evaluation molecules) is decided when they are opened, and written beside them.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, repeat, takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol import files, kept
from w2s_mol.errors import InputError
from w2s_mol.molecules.limits import MOST_ATOMS
from w2s_mol.molecules.smiles import MoleculeError, parse, smiles_of
from w2s_mol.pretraining import shards
from w2s_mol.pretraining.corpus_file import CorpusFile
from w2s_mol.pretraining.shard_pool import prepare_shards
from w2s_mol.pretraining.shards import Preparation, Rejection, Shard
from w2s_mol.processes import refuse_a_script_without_guard
from w2s_mol.progress import Progress, silent

HELD_OUT_EVERY = 50


@dataclass(frozen=True)
class CorpusSettings:
    """What of a corpus is trained on, and how it is prepared.

    Attributes
    ----------
    lines
        How many lines of the corpus are taken, from its start; None for all.
    preparation
        How each molecule is prepared.
    """

    lines: int | None = None
    preparation: Preparation = field(default_factory=Preparation)

    def __post_init__(self) -> None:
        if self.lines is not None and self.lines < 1:
            raise InputError(f"lines is {self.lines}; it must be 1 or more, or None.")


@dataclass(frozen=True)
class PreparedCorpus:
    """The ``n`` molecules of a corpus that are trained on; their tokens and targets stay on disk.

    Attributes
    ----------
    name, sha256
        Of the corpus file as it lay on disk.
    shards
        Memory-mapped.
    shard_of, row_of
        Shape (n,), where molecule ``i`` is.
    starts, lengths
        Shape (renumberings, n): where its tokens begin in its shard, how many they are.
    rejected
        How many lines were left out, by reason.
    without
        Names of the collections whose molecules were left out.
    account
        The JSON file that says all this; the lines left out are listed beside it.
    """

    name: str
    sha256: str
    shards: tuple[Shard, ...]
    shard_of: NDArray[np.int32]
    row_of: NDArray[np.int32]
    starts: NDArray[np.int32]
    lengths: NDArray[np.int16]
    rejected: dict[str, int] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    account: Path | None = None

    @property
    def rejected_list(self) -> Path | None:
        """The file that lists the lines left out, if an account was written."""
        return _rejected_list(self.account) if self.account else None

    @property
    def content(self) -> str:
        """A hash of all that training reads of this corpus, in order, and of what was left out."""
        digest = hashlib.sha256()
        for shard in self.shards:
            digest.update(shard.sha256.encode())
        for rows in (self.shard_of, self.row_of):
            digest.update(rows.tobytes())
        digest.update(repr(self.without).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.shard_of)

    @property
    def lines(self) -> NDArray[np.int64]:
        """Where each molecule stands in the corpus, from 1."""
        return _column(self, "lines")

    @property
    def renumberings(self) -> int:
        """How many random atom orders of each molecule there are."""
        return len(self.lengths)

    def token_ids(self, renumbering: int, molecule: int) -> NDArray[np.uint8]:
        """Return the tokens of a molecule, [CLS] and [SEP] included, in one of its orders."""
        start = self.starts[renumbering, molecule]
        stop = start + self.lengths[renumbering, molecule]
        tokens: NDArray[np.uint8] = self.shards[self.shard_of[molecule]].tokens[start:stop]
        return tokens

    def descriptors(self, molecules: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the normalised descriptors of ``k`` molecules, shape (k, 200), in [0, 1]."""
        places = zip(self.shard_of[molecules], self.row_of[molecules], strict=True)
        return np.stack([self.shards[s].descriptors[row] for s, row in places]).astype(np.float32)

    def taken(self, molecules: NDArray[np.bool_]) -> PreparedCorpus:
        """Return the corpus of some of its molecules."""
        return replace(
            self,
            shard_of=self.shard_of[molecules],
            row_of=self.row_of[molecules],
            starts=self.starts[:, molecules],
            lengths=self.lengths[:, molecules],
        )


def prepare_corpus(
    path: Path,
    settings: CorpusSettings | None = None,
    exclude: Mapping[str, Sequence[str]] | None = None,
    workers: int | None = None,
    progress: Progress = silent,
) -> PreparedCorpus:
    """Prepare a corpus for pretraining, or take what of it is prepared already.

    In a script this is to be called under ``if __name__ == "__main__":``, as all that starts
    processes.

    Parameters
    ----------
    path
        One SMILES a line (what follows a blank or a comma on the line is ignored); plain, .gz,
        .bz2, .xz or .zst.
    settings
        What to prepare.
    exclude
        SMILES of molecules not to train on, by the name of their collection. A molecule of the
        corpus is left out if its canonical SMILES without stereo and isotopes is that of one of
        them.
    workers
        Processes; by default one per core.
    progress
        Told the number of lines done.

    Returns
    -------
    PreparedCorpus
        Each molecule once: later lines of the same molecule are rejected.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no molecule that can be used, or a script calls this
        without that guard.
    W2SMolError
        If the disk has too little room.
    """
    refuse_a_script_without_guard("prepares a corpus")
    settings = settings or CorpusSettings()
    file = CorpusFile.of(path)
    entry = corpus_entry(file.sha256, settings.preparation)
    with kept.held(entry, progress):
        hashes = prepare_shards(
            entry, file, settings.preparation, settings.lines, workers, progress
        )
        if not hashes:
            raise InputError(f"corpus {path} is empty. It should have one SMILES a line.")
        corpus, left_out = _open(file, hashes, settings, exclude or {})
        corpus = _with_account(entry.path, corpus, settings, _rejections(list(hashes), left_out))
    if len(corpus) == 0:
        raise InputError(
            f"corpus {path} holds no molecule that can be used ({_counted(corpus)}). "
            "It should have one SMILES a line."
        )
    return corpus


def corpus_entry(sha256: str, preparation: Preparation) -> kept.Entry:
    """Return where a corpus's shards are kept."""
    key = files.sha256_json(
        {
            "format": [shards.FORMAT, shards.SHARD_LINES],
            "corpus": sha256,
            "rdkit": rdBase.rdkitVersion,
            **asdict(preparation),
        }
    )
    return kept.Entry("corpora", key)


def hold_out(corpus: PreparedCorpus, most: int) -> tuple[PreparedCorpus, PreparedCorpus]:
    """Part a corpus: every 50th molecule, at most so many, to validate on; the rest to train."""
    if len(corpus) < HELD_OUT_EVERY:
        raise InputError(
            f"corpus {corpus.name} has {len(corpus)} usable molecules, too few to hold some out "
            f"for the validation loss. Give {HELD_OUT_EVERY} or more, or pass --valid-corpus."
        )
    return parted(corpus, HELD_OUT_EVERY, most)


def parted(corpus: PreparedCorpus, every: int, most: int) -> tuple[PreparedCorpus, PreparedCorpus]:
    """Part a corpus: one of ``every`` molecules, at most so many, goes into the second part."""
    second = np.arange(len(corpus)) % every == 0
    second &= np.cumsum(second) <= most
    return corpus.taken(~second), corpus.taken(second)


def _open(
    file: CorpusFile,
    hashes: Mapping[Path, str],
    settings: CorpusSettings,
    exclude: Mapping[str, Sequence[str]],
) -> tuple[PreparedCorpus, dict[str, NDArray[np.int64]]]:
    """Return a corpus, and the lines of the molecules that are not in it, by the reason."""
    opened = [shards.open_shard(shard, content) for shard, content in hashes.items()]
    sizes = [len(shard.lines) for shard in opened]
    corpus = PreparedCorpus(
        name=file.path.name,
        sha256=file.sha256,
        shards=tuple(opened),
        shard_of=np.repeat(np.arange(len(opened), dtype=np.int32), sizes),
        row_of=np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]),
        starts=np.concatenate([_starts(shard.lengths) for shard in opened], axis=1),
        lengths=np.concatenate([shard.lengths for shard in opened], axis=1),
        without=tuple(exclude),
    )
    corpus = corpus.taken(corpus.lines <= (settings.lines or sys.maxsize))
    reasons = {"the molecule of an earlier line": _repeated(_column(corpus, "molecule_keys"))}
    skeletons = _column(corpus, "skeleton_keys")
    for name, smiles in exclude.items():
        reasons[f"a molecule of {name}"] = np.isin(skeletons, _skeleton_keys(smiles))
    lines, kept, left_out = corpus.lines, np.ones(len(corpus), dtype=bool), {}
    for reason, found in reasons.items():
        left_out[reason] = lines[found & kept]
        kept &= ~found
    return corpus.taken(kept), left_out


def _starts(lengths: NDArray[np.int16]) -> NDArray[np.int32]:
    """Return where each sequence of a shard begins among its tokens."""
    ends = np.cumsum(lengths, dtype=np.int32).reshape(lengths.shape)
    starts: NDArray[np.int32] = ends - lengths
    return starts


def _column(corpus: PreparedCorpus, name: str) -> NDArray[np.int64]:
    """Return a column of the shards, shape (n,), for the molecules of a corpus."""
    values = np.zeros(len(corpus), dtype=np.int64)
    bounds = np.searchsorted(corpus.shard_of, np.arange(len(corpus.shards) + 1))
    for shard, start, stop in zip(corpus.shards, bounds[:-1], bounds[1:], strict=True):
        values[start:stop] = getattr(shard, name)[corpus.row_of[start:stop]]
    return values


def _repeated(keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each key whether it was there before."""
    repeated = np.ones(len(keys), dtype=bool)
    repeated[np.unique(keys, return_index=True)[1]] = False
    return repeated


def _skeleton_keys(smiles: Sequence[str]) -> list[int]:
    keys = []
    with rdBase.BlockLogs():
        for text in smiles:
            with contextlib.suppress(MoleculeError):  # no corpus can hold it either
                keys.append(shards.skeleton_key(parse(smiles_of(text, MOST_ATOMS))))
    return keys


def _rejections(
    paths_of_shards: Sequence[Path], left_out: Mapping[str, NDArray[np.int64]]
) -> Iterator[Rejection]:
    """Yield all lines that are not trained on, in order."""
    by_shards = chain.from_iterable(map(shards.rejections, paths_of_shards))
    by_reason = [map(Rejection, lines.tolist(), repeat(r)) for r, lines in left_out.items()]
    return heapq.merge(by_shards, *by_reason)


def _with_account(
    folder: Path, corpus: PreparedCorpus, settings: CorpusSettings, rejections: Iterator[Rejection]
) -> PreparedCorpus:
    """Write what a corpus was made of and which of its lines were left out."""
    last_line = settings.lines or sys.maxsize
    sha256 = corpus.content
    account = folder / f"account-{sha256[:8]}.json"
    counts: Counter[str] = Counter()
    with (
        files.atomic_path(_rejected_list(account)) as path,
        path.open("w", encoding="utf-8") as file,
    ):
        file.write("line\treason\ttext\n")
        for rejection in takewhile(lambda r: r.line <= last_line, rejections):
            counts[rejection.reason] += 1
            text = rejection.text.replace("\t", " ")
            file.write(f"{rejection.line}\t{rejection.reason}\t{text}\n")
    corpus = replace(corpus, rejected=dict(counts.most_common()), account=account)
    content = {
        "corpus": corpus.name,
        "sha256": corpus.sha256,
        "content_sha256": sha256,
        "lines_asked_for": settings.lines,
        **asdict(settings.preparation),
        "molecules": len(corpus),
        "rejected": corpus.rejected,
        "molecules_left_out_of": list(corpus.without),
        "rdkit": rdBase.rdkitVersion,
    }
    files.write_json(account, content)
    return corpus


def _rejected_list(account: Path) -> Path:
    return account.with_suffix(".rejected.tsv")


def _counted(corpus: PreparedCorpus) -> str:
    return ", ".join(f"{reason}: {count}" for reason, count in corpus.rejected.items())
