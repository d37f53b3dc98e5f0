"""Preparing the shards of a corpus over processes: what is there is kept, the rest is made."""

from __future__ import annotations

import itertools
import math
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from operator import attrgetter
from pathlib import Path

from w2s_mol import files, kept, paths
from w2s_mol.errors import W2SMolError
from w2s_mol.kept import Entry
from w2s_mol.pretraining import shards
from w2s_mol.pretraining.corpus_file import CorpusFile, read_lines
from w2s_mol.pretraining.shards import Preparation, ShardLines
from w2s_mol.processes import in_processes, usable_cores
from w2s_mol.progress import Progress

_BYTES_PER_MOLECULE, _BYTES_PER_SEQUENCE = 424, 60


def prepare_shards(
    entry: Entry,
    corpus: CorpusFile,
    preparation: Preparation,
    most_lines: int | None,
    workers: int | None,
    progress: Progress,
) -> dict[Path, str]:
    """Prepare the shards that are not kept yet; return the hashes of those asked for.

    Parameters
    ----------
    entry
        Of this corpus and preparation, and no other; it is held.
    corpus, most_lines
        The file and how many of its lines are asked for; None for all.
    preparation
        How each molecule is prepared.
    workers
        Processes; by default one per core. A single shard needs none.
    progress
        Told the number of lines done.

    Raises
    ------
    InputError
        If the corpus cannot be read, or changes while it is.
    W2SMolError
        If the disk has too little room.
    """
    lines = sum(1 for _ in itertools.islice(read_lines(corpus.path), most_lines))
    folder = entry.path
    wanted = [folder / _shard_name(i) for i in range(math.ceil(lines / shards.SHARD_LINES))]
    hashes = kept.sound_files(entry)
    new = [shard for shard in wanted if shard.name not in hashes]
    if new:
        _check_room(folder.parent, len(new) * shards.SHARD_LINES, preparation)
        work, done = f"preparing {corpus.path.name}", (len(wanted) - len(new)) * shards.SHARD_LINES
        progress(work, done, lines)
        todo = _shard_lines(folder, corpus.path, preparation, new)
        with closing(_prepared(todo, len(new), workers or usable_cores())) as finished:
            for shard in finished:
                corpus.check_unchanged()
                hashes[shard.path.name] = files.sha256_file(shard.path)
                kept.seal(entry, hashes)
                done += len(shard.lines)
                progress(work, min(done, lines), lines)
    return {shard: hashes[shard.name] for shard in wanted}


def _shard_name(number: int) -> str:
    return f"{number:06d}.safetensors"


def _check_room(folder: Path, lines: int, preparation: Preparation) -> None:
    needed = lines * (_BYTES_PER_MOLECULE + _BYTES_PER_SEQUENCE * preparation.renumberings)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise W2SMolError(
            f"the prepared corpus needs about {needed / 1e6:,.0f} MB in {paths.home()}, which has "
            f"{free / 1e6:,.0f} MB free. Free some, set W2S_MOL_HOME to a larger disk, or take "
            "fewer lines with --molecules."
        )


def _shard_lines(
    folder: Path, path: Path, preparation: Preparation, wanted: Sequence[Path]
) -> Iterator[ShardLines]:
    lines = read_lines(path)
    left = {shard.name for shard in wanted}
    for number in itertools.count():
        if not left:
            return
        chunk = list(itertools.islice(lines, shards.SHARD_LINES))
        name = _shard_name(number)
        if name in left:
            left.remove(name)
            first = number * shards.SHARD_LINES + 1
            yield ShardLines(folder / name, first, chunk, preparation)


def _prepared(
    work: Iterable[ShardLines], number: int, workers: int
) -> Generator[ShardLines, None, None]:
    if number > 1:
        yield from in_parallel(work, workers)
        return
    for lines in work:  # before a process had begun, it is done
        shards.prepare_shard(lines)
        yield lines


def in_parallel(work: Iterable[ShardLines], workers: int) -> Generator[ShardLines, None, None]:
    """Prepare shards over processes; yield each as it is done.

    Raises
    ------
    W2SMolError
        If the system ends a shard's process again and again.
    """
    called = attrgetter("path.name")
    do = shards.prepare_shard
    with closing(in_processes(do, work, workers, called)) as finished:
        for shard, _ in finished:
            yield shard
