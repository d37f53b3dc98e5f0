"""Preparing the shards of a corpus over processes: what is there is kept, the rest is made."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import resource_tracker
from pathlib import Path

from w2s_mol import files, kept, paths
from w2s_mol.errors import InputError, W2SMolError
from w2s_mol.kept import Entry
from w2s_mol.pretraining import shards
from w2s_mol.pretraining.corpus_file import CorpusFile, read_lines
from w2s_mol.pretraining.shards import Preparation, ShardLines
from w2s_mol.progress import Progress

_BYTES_PER_MOLECULE, _BYTES_PER_SEQUENCE = 424, 60
_SHARDS_AHEAD = 4  # for each worker, so that none waits and no corpus fills the memory


def refuse_a_script_without_guard() -> None:
    """Raise InputError in a worker that, on its start, runs the script that started it.

    It would wait for the lock that its parent holds, and the parent for it.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise InputError(
            "this script prepares a corpus whenever it is imported, as the processes that prepare "
            "it do. Put the call under 'if __name__ == \"__main__\":'."
        )


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
        Processes; by default one per core.
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
        with closing(in_parallel(todo, workers)) as finished:
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


def _follow_parent() -> None:
    """Make a worker leave Ctrl-C to its parent, and end when the parent does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def in_parallel(
    work: Iterable[ShardLines], workers: int | None
) -> Generator[ShardLines, None, None]:
    """Prepare shards over processes; yield each as it is done.

    Raises
    ------
    W2SMolError
        If the system ends a process.
    """
    workers = workers or _usable_cores()
    _start_resource_tracker()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _follow_parent) as pool:
        running: dict[Future[None], ShardLines] = {}
        try:
            for shard in work:
                running[pool.submit(shards.prepare_shard, shard)] = shard
                if len(running) >= workers * _SHARDS_AHEAD:
                    yield from _finished(running)
            while running:
                yield from _finished(running)
        except BrokenProcessPool as error:
            _abandon(pool)
            raise W2SMolError(
                "a process that prepared the corpus was killed, perhaps for memory. Run the same "
                "command again, with fewer --workers; it goes on where it stopped."
            ) from error
        except BaseException:
            _abandon(pool)
            raise


def _start_resource_tracker() -> None:
    """Start what a pool needs; early Pythons 3.11 then let Ctrl-C through to RDKit and workers.

    How that would end is told in ``cli.main``.
    """
    if not hasattr(signal, "pthread_sigmask"):
        return
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _abandon(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes, so that leaving it does not wait for shards at work."""
    for process in list((pool._processes or {}).values()):  # noqa: SLF001
        process.terminate()
    # In early Pythons 3.11 a pool waits for ever to hand work to processes that are dead.
    if queue := pool._call_queue:  # type: ignore[attr-defined]  # noqa: SLF001
        queue._reader.close()  # noqa: SLF001


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _finished(running: dict[Future[None], ShardLines]) -> Iterator[ShardLines]:
    """Wait until a shard is done, and yield and forget those that are."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        future.result()
        yield running.pop(future)
