"""Work on shards carried out: in this process, or by several of this machine."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial

from w2s_mol.molecules.smiles import forget
from w2s_mol.processes import in_processes, refuse_a_script_without_guard
from w2s_mol.progress import Progress
from w2s_mol.shards.contract import Made, Shard, Work, made_of
from w2s_mol.shards.folder import ShardFolder
from w2s_mol.shards.source import Source

_SECONDS = 0.2
_Results = Generator[tuple[Shard, Made], None, None]


def carry_out(
    folder: ShardFolder,
    work: Work,
    source: Source,
    workers: int,
    progress: Progress,
    numbers: Iterable[int] | None = None,
) -> None:
    """Make the shards that are not there, together with whoever else is at work on the folder.

    Parameters
    ----------
    folder, work, source
        The folder that was begun for this work and source.
    workers
        Processes; of one shard, and where the work has no recipe, it is this one.
    progress
        Told the rows that are done, of those of all shards asked for.
    numbers
        Of the shards that are asked for; None for all.

    Raises
    ------
    InputError
        If the source was changed, or what is needed cannot be had.
    W2SMolError
        If a shard cannot be written, or a shard's process is killed again and again.
    """
    if workers > 1:
        refuse_a_script_without_guard("works on shards")
    asked = range(folder.n) if numbers is None else sorted(numbers)
    left = [number for number in asked if not folder.has(number)]
    told = _Told(work.verb, progress, folder, len(asked), len(left))
    while left:
        claims = _Claims(folder)
        with closing(claims):
            shards = source.shards(folder.pieces, folder.size, claims.of(left), work.columns)
            # The processes are ended before the claims are given back.
            with closing(_made(work, shards, min(workers, len(left)), told)) as made:
                for shard, of_shard in made:
                    folder.write(shard, of_shard)
                    claims.give_back(shard.number)
                    told.done(len(shard.examples))
        if claims.of_others == left:
            time.sleep(_SECONDS)
            progress(f"waiting for another process at work on {folder.path}", 0, None)
        left = claims.of_others


def _made(work: Work, shards: Iterator[Shard], workers: int, told: _Told) -> _Results:
    if workers > 1 and work.recipe:
        do = partial(made_of, work.recipe)
        yield from in_processes(do, shards, workers, _called, told.in_hand)
        return
    for shard in shards:
        yield shard, work.make(shard.examples, lambda _work, done, _total: told.in_hand(done))
        forget()


def _called(shard: Shard) -> str:
    return f"shard {shard.number}"


class _Claims:
    """The shards that this process holds, so that no other takes them."""

    def __init__(self, folder: ShardFolder) -> None:
        self._folder = folder
        self._held: dict[int, ExitStack] = {}
        self.of_others: list[int] = []

    def of(self, numbers: Iterable[int]) -> Iterator[int]:
        """Yield those that are not done and no other process is at, each held from then on."""
        for number in numbers:
            with ExitStack() as stack:
                if not stack.enter_context(self._folder.claim(number)):
                    self.of_others.append(number)
                elif not self._folder.has(number):
                    self._held[number] = stack.pop_all()
                    yield number

    def give_back(self, number: int) -> None:
        """Let one go."""
        self._held.pop(number).close()

    def close(self) -> None:
        """Let all go."""
        for number in list(self._held):
            self.give_back(number)


class _Told:
    """What progress is told: one work, and no step back, so that a rate can be told."""

    def __init__(
        self, verb: str, progress: Progress, folder: ShardFolder, asked: int, left: int
    ) -> None:
        self._verb, self._progress = verb, progress
        self._total = min(asked * folder.size, folder.rows)
        self._done = self._most = max(0, self._total - left * folder.size)
        self._tell(0)

    def in_hand(self, rows: int) -> None:
        """Tell how many rows of shards in hand are done."""
        self._tell(self._done + rows)

    def done(self, rows: int) -> None:
        """Tell that the rows of a shard are done."""
        self._done += rows
        self._tell(self._done)

    def _tell(self, rows: int) -> None:
        self._most = min(self._total, max(self._most, rows))
        self._progress(self._verb, self._most, self._total)
