"""Parts of runs handed out to a crew: each process opens a run once, and does parts of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from pathlib import Path

from w2s_mol.claims import hand_out
from w2s_mol.crews.contract import Job, Kept
from w2s_mol.crews.goods import Reads
from w2s_mol.crews.named import Asked
from w2s_mol.engine.finished import Finished
from w2s_mol.engine.run import Elsewhere, Part, Shared
from w2s_mol.engine.work import Work
from w2s_mol.errors import InputError
from w2s_mol.progress import Progress, silent

_OPEN = 2
"""Runs that a process has open: of a sweep, one that ends and one that begins."""


def carry_out_together(
    runs: Iterable[tuple[Shared, Path]], asked: Asked, progress: Progress
) -> Iterator[tuple[Path, Finished | InputError]]:
    """Carry out some runs, each in a folder, by a crew that does the parts of all.

    Parameters
    ----------
    runs
        Each is asked for when those before it are handed out.
    asked
        Who does their parts.
    progress
        Told the parts that are done, of runs that were asked for.

    Yields
    ------
    Path, Finished or InputError
        Each run's folder and the run, or why it cannot be carried out, when all are done.

    Raises
    ------
    W2SMolError
        If a folder is removed or altered while its run is at work, or a part ends its process
        again and again.
    """
    handed = _HandedOut(progress)
    parts = handed.parts_of(runs)
    first = next(parts, None)
    if first is not None:  # else there is nothing to have a crew for
        with asked.ready("runs studies", progress) as crew:
            hand_out(
                chain([first], parts),
                handed.claim,
                handed.is_done,
                lambda claimed: crew.do(handed.job, claimed, progress=progress),
                handed.keep,
                "the same runs",
                progress,
            )
    yield from handed.finished()


@dataclass(frozen=True)
class _PartOf:
    """A part, and how the run that it is of is opened; ``number`` is the run's among all."""

    number: int
    run: Elsewhere
    name: str


@dataclass(frozen=True)
class _NeedOf:
    """What parts need; where several runs need the same, one of them opens."""

    need: Hashable
    run: Elsewhere = field(compare=False)

    def __str__(self) -> str:
        return str(self.need)


@dataclass
class _AtWork:
    """A run under way."""

    run: Shared
    work: Work
    left: set[str]
    refused: InputError | None = None


class _HandedOut:
    """Runs whose parts are handed out, and what is done of each."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._at_work: dict[int, _AtWork] = {}
        self._finished: dict[int, tuple[Path, Finished | InputError]] = {}
        self._folders: list[Path] = []
        self._parts = self._done = 0
        self.job = Job(_do, _called, self._needs, _make, self._files)

    def parts_of(self, runs: Iterable[tuple[Shared, Path]]) -> Iterator[_PartOf]:
        """Yield the parts of runs, each begun when it is its turn."""
        for number, (run, folder) in enumerate(runs):
            self._folders.append(folder)
            work = Work(run, folder, self._progress)
            try:
                found: Finished | InputError | None = work.begun()
                if found is None:
                    run.check(self._progress)
            except InputError as error:
                found = error
            if found is not None:
                self._finished[number] = folder, found
                continue
            names = run.part_names()
            elsewhere = run.elsewhere()
            self._at_work[number] = _AtWork(run, work, set(names))
            self._parts += len(names)
            for name in names:
                yield _PartOf(number, elsewhere, name)

    def claim(self, part: _PartOf) -> AbstractContextManager[bool]:
        """Hold a part, if no other process does."""
        return self._at_work[part.number].work.claim(part.name)

    def is_done(self, part: _PartOf) -> bool:
        """Say whether anyone did a part, or nobody needs to."""
        at = self._at_work.get(part.number)
        if at is None or at.refused:
            return True
        done = at.work.is_done(part.name)
        if done:
            self._count(part)
        return done

    def keep(self, part: _PartOf, done: Part | InputError) -> None:
        """Keep what came of a part, and finish runs of which that is true of all."""
        at = self._at_work[part.number]
        if isinstance(done, InputError):
            at.refused = at.refused or done
        elif not at.refused:
            at.work.keep(part.name, done)
        for run in [n for n, at in self._at_work.items() if not at.left and n != part.number]:
            self._finish(run)
        self._count(part)

    def finished(self) -> Iterator[tuple[Path, Finished | InputError]]:
        """Finish what is left, and yield all runs in order."""
        for run in list(self._at_work):
            self._finish(run)
        for number in sorted(self._finished):
            yield self._finished[number]

    def _finish(self, run: int) -> None:
        at = self._at_work.pop(run)
        self._finished[run] = self._folders[run], at.refused or at.work.finish()

    def _count(self, part: _PartOf) -> None:
        left = self._at_work[part.number].left
        if part.name in left:
            left.discard(part.name)
            self._done += 1
            self._progress("cells: parts of studies", self._done, self._parts)

    def _needs(self, part: _PartOf) -> Sequence[_NeedOf]:
        return [_NeedOf(need, part.run) for need in self._at_work[part.number].run.needs(part.name)]

    def _files(self, part: _PartOf) -> Reads:
        return self._at_work[part.number].run.files()


def _called(part: _PartOf) -> str:
    return f"part {part.name} of study {part.run.run_id}"


@lru_cache(maxsize=_OPEN)
def _opened(run: Elsewhere) -> Shared:
    return run.open()


def _do(part: _PartOf) -> Part | InputError:
    """Do a part; what is wrong with its run is no fault of the others'."""
    run = _opened(part.run)  # what is wrong with that is this process's
    try:
        return run.do(part.name, silent)
    except InputError as error:
        return error


def _make(need: _NeedOf) -> Sequence[Kept]:
    run = _opened(need.run)
    with suppress(InputError):  # the part that needs it says why
        return run.make(need.need)
    return ()
