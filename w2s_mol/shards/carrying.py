"""Work on shards carried out: in this process, or by a crew."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial

from w2s_mol.claims import hand_out
from w2s_mol.crews.contract import Job
from w2s_mol.crews.goods import Reads
from w2s_mol.crews.local import LocalCrew
from w2s_mol.crews.named import Asked
from w2s_mol.molecules.smiles import forget
from w2s_mol.progress import Progress
from w2s_mol.shards.contract import Ahead, Made, Shard, Work, made_of
from w2s_mol.shards.folder import ShardFolder
from w2s_mol.shards.source import Source

_Made = Generator[tuple[Shard, Made], None, None]
_Results = Generator[tuple[int, tuple[Shard, Made]], None, None]


def carry_out(
    folder: ShardFolder,
    work: Work,
    source: Source,
    asked: Asked,
    progress: Progress,
    numbers: Iterable[int] | None = None,
) -> None:
    """Make the shards that are not there, together with whoever else is at work on the folder.

    Parameters
    ----------
    folder, work, source
        The folder that was begun for this work and source.
    asked
        Who makes them; where the work has no recipe, it is this process.
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
    wanted = range(folder.n) if numbers is None else sorted(numbers)
    left = [number for number in wanted if not folder.has(number)]
    told = _Told(work.verb, progress, folder, len(wanted), len(left))

    def keep(_number: int, result: tuple[Shard, Made]) -> None:
        shard, of_shard = result
        folder.write(shard, of_shard)
        told.done(len(shard.examples))

    if not left:
        return
    with ExitStack() as stack:
        make = _maker(work, asked.for_tasks(len(left)), told, stack)

        def made(claimed: Iterator[int]) -> _Results:
            shards = source.shards(folder.pieces, folder.size, claimed, work.columns)
            with closing(make(shards)) as results:
                for shard, of_shard in results:
                    yield shard.number, (shard, of_shard)

        hand_out(left, folder.claim, folder.has, made, keep, str(folder.path), progress)


def _maker(
    work: Work, asked: Asked, told: _Told, stack: ExitStack
) -> Callable[[Iterator[Shard]], _Made]:
    """Return what makes shards, whoever is needed for it ready until the stack is left."""
    if asked.several and work.recipe:
        files = work.recipe.files() if asked.cluster else Reads()
        job = Job(partial(made_of, work.recipe), _called, files=lambda _: files)
        crew = stack.enter_context(asked.ready("works on shards", told.progress))
        return lambda shards: crew.do(job, shards, told.in_hand)
    if asked.readers and work.ahead:
        ahead = work.ahead
        return lambda shards: _made_of_read(ahead, shards, asked.readers, told)
    return lambda shards: _made_here(work, shards, told)


def _made_here(work: Work, shards: Iterator[Shard], told: _Told) -> _Made:
    for shard in shards:
        yield shard, work.make(shard.examples, lambda _work, done, _total: told.in_hand(done))
        forget()


def _made_of_read(ahead: Ahead, shards: Iterator[Shard], readers: int, told: _Told) -> _Made:
    """Make shards in this process of what others read, while they read the next."""
    job = Job(partial(made_of, ahead.recipe), _called)
    with closing(LocalCrew(readers).do(job, shards)) as read:
        for shard, readings in read:
            yield (
                shard,
                ahead.make(shard.examples, readings, lambda _w, done, _t: told.in_hand(done)),
            )


def _called(shard: Shard) -> str:
    return f"shard {shard.number}"


class _Told:
    """What progress is told: one work, and no step back, so that a rate can be told."""

    def __init__(
        self, verb: str, progress: Progress, folder: ShardFolder, asked: int, left: int
    ) -> None:
        self._verb, self.progress = verb, progress
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
        self.progress(self._verb, self._most, self._total)
