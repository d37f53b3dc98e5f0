"""A SMILES corpus prepared once for all encoders: tokens of random renumberings, descriptors.

The shards of a corpus lie in one folder, keyed by the content of the corpus and by how its
molecules are prepared; preparation can stop at any shard and go on, and takes more lines of the
same corpus later. What of them is trained on (how many lines, without duplicates, without the
evaluation molecules) is decided when they are opened, and written beside them.
"""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from w2s_mol import files, paths
from w2s_mol.errors import InputError
from w2s_mol.molecules.smiles import MoleculeError, parse
from w2s_mol.pretraining import shards
from w2s_mol.pretraining.shard_pool import prepare_shards
from w2s_mol.pretraining.shards import Preparation, Rejection, Shard
from w2s_mol.progress import Progress, silent

HELD_OUT_EVERY = 50


@dataclass(frozen=True)
class CorpusSettings:
    """What of a corpus is trained on, and how it is prepared.

    Attributes
    ----------
    molecules
        How many lines of the corpus are taken, from its start; None for all.
    preparation
        How each molecule is prepared.
    """

    molecules: int | None = None
    preparation: Preparation = field(default_factory=Preparation)


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
        The lines left out, each with its reason.
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
    rejected: tuple[Rejection, ...]
    without: tuple[str, ...] = ()
    account: Path = Path()

    @property
    def rejected_list(self) -> Path:
        """The file that lists the lines left out."""
        return self.account.with_suffix(".rejected.tsv")

    def __len__(self) -> int:
        return len(self.shard_of)

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

    def rejected_by_reason(self) -> dict[str, int]:
        """Return how many lines were left out for each reason, the most frequent first."""
        return dict(Counter(rejection.reason for rejection in self.rejected).most_common())

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

    Parameters
    ----------
    path
        One SMILES a line (what follows a blank or a comma on the line is ignored); plain, .gz,
        .xz or .zst.
    settings
        What to prepare.
    exclude
        SMILES of molecules not to train on, by the name of their collection. A molecule of the
        corpus is left out if its canonical SMILES without stereo is that of one of them.
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
        If the file cannot be read, or holds no molecule that can be used.
    W2SMolError
        If the disk has too little room.
    """
    settings = settings or CorpusSettings()
    if not path.is_file():
        raise InputError(f"corpus {path} is not a file. Give one with one SMILES a line.")
    sha256 = files.sha256_file(path)
    folder = corpus_folder(sha256, settings.preparation)
    with files.locked(folder / ".lock", folder):
        paths_of_shards = prepare_shards(
            folder, path, settings.preparation, settings.molecules, workers, progress
        )
        if not paths_of_shards:
            raise InputError(f"corpus {path} is empty. It should have one SMILES a line.")
        corpus = _open(path, sha256, paths_of_shards, settings.molecules)
        corpus = _without_duplicates(corpus)
        for name, smiles in (exclude or {}).items():
            corpus = _without_molecules(corpus, name, smiles)
        corpus = _with_account(folder, corpus, settings)
    if len(corpus) == 0:
        raise InputError(
            f"corpus {path} holds no molecule that can be used ({_counted(corpus)}). "
            "It should have one SMILES a line."
        )
    return corpus


def corpus_folder(sha256: str, preparation: Preparation) -> Path:
    """Return the folder of a corpus's shards."""
    key = files.sha256_json(
        {
            "format": [shards.FORMAT, shards.SHARD_LINES],
            "corpus": sha256,
            "rdkit": rdBase.rdkitVersion,
            **asdict(preparation),
        }
    )
    return paths.home() / "corpora" / key[:32]


def hold_out(corpus: PreparedCorpus, most: int) -> tuple[PreparedCorpus, PreparedCorpus]:
    """Part a corpus: every 50th molecule, at most so many, to validate on; the rest to train."""
    every = np.arange(len(corpus)) % HELD_OUT_EVERY == 0
    every &= np.cumsum(every) <= most
    if len(corpus) < HELD_OUT_EVERY:
        raise InputError(
            f"corpus {corpus.name} has {len(corpus)} usable molecules, too few to hold some out "
            f"for the validation loss. Give {HELD_OUT_EVERY} or more, or pass --valid-corpus."
        )
    return corpus.taken(~every), corpus.taken(every)


def _open(
    path: Path, sha256: str, paths_of_shards: Sequence[Path], molecules: int | None
) -> PreparedCorpus:
    opened = [shards.open_shard(shard) for shard in paths_of_shards]
    last_line = molecules or sys.maxsize
    sizes = [len(shard.lines) for shard in opened]
    corpus = PreparedCorpus(
        name=path.name,
        sha256=sha256,
        shards=tuple(opened),
        shard_of=np.repeat(np.arange(len(opened), dtype=np.int32), sizes),
        row_of=np.concatenate([np.arange(size, dtype=np.int32) for size in sizes]),
        starts=np.concatenate([_starts(shard.lengths) for shard in opened], axis=1),
        lengths=np.concatenate([shard.lengths for shard in opened], axis=1),
        rejected=tuple(r for shard in opened for r in shard.rejected if r.line <= last_line),
    )
    return corpus.taken(_column(corpus, "lines") <= last_line)


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


def _without_duplicates(corpus: PreparedCorpus) -> PreparedCorpus:
    _, first = np.unique(_column(corpus, "molecule_keys"), return_index=True)
    repeated = np.ones(len(corpus), dtype=bool)
    repeated[first] = False
    return _without(corpus, repeated, "the molecule of an earlier line")


def _without_molecules(corpus: PreparedCorpus, name: str, smiles: Sequence[str]) -> PreparedCorpus:
    keys = []
    with rdBase.BlockLogs():
        for text in smiles:
            with contextlib.suppress(MoleculeError):  # no corpus can hold it either
                keys.append(shards.skeleton_key(parse(text)))
    found = np.isin(_column(corpus, "skeleton_keys"), keys)
    corpus = _without(corpus, found, f"a molecule of {name}")
    return replace(corpus, without=(*corpus.without, name))


def _without(corpus: PreparedCorpus, left_out: NDArray[np.bool_], reason: str) -> PreparedCorpus:
    lines = _column(corpus, "lines")[left_out].tolist()
    rejected = tuple(Rejection(line, reason) for line in lines)
    return replace(corpus.taken(~left_out), rejected=corpus.rejected + rejected)


def _with_account(folder: Path, corpus: PreparedCorpus, settings: CorpusSettings) -> PreparedCorpus:
    """Write what a corpus was made of and which of its lines were left out."""
    account = {
        "corpus": corpus.name,
        "sha256": corpus.sha256,
        "lines_asked_for": settings.molecules,
        **asdict(settings.preparation),
        "molecules": len(corpus),
        "rejected": corpus.rejected_by_reason(),
        "molecules_left_out_of": list(corpus.without),
        "rdkit": rdBase.rdkitVersion,
    }
    key = files.sha256_json([settings.molecules, corpus.without])[:8]
    corpus = replace(corpus, account=folder / f"account-{key}.json")
    files.write_json(corpus.account, account)
    rows = [f"{r.line}\t{r.reason}\t{r.text}\n" for r in corpus.rejected]
    files.write_text(corpus.rejected_list, "".join(["line\treason\ttext\n", *rows]))
    return corpus


def _counted(corpus: PreparedCorpus) -> str:
    counts = corpus.rejected_by_reason().items()
    return ", ".join(f"{reason}: {count}" for reason, count in counts)
