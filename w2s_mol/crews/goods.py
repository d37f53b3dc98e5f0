"""Files that tasks read, on machines that may lack them: put there as they are here.

What has a name of its own in the tool's folder (an adapted encoder, a dataset that was fetched)
goes to the same place in that of the other machine. Files named by their paths, where these do not
lead to the same files there, are drawn as a picture: a folder in which each has the whole path that
it has here, so that names seen from the working folder are seen from that folder of the picture.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from w2s_mol import file_hashes, files, paths
from w2s_mol.errors import InputError

CARRIED = "carried"
"""The folder of what other machines sent: files by their hashes, and pictures made of them."""
_FILES = "files"
_MOST_BYTES = 4 << 30
_ROOT = Path("/")

_pictured: ContextVar[str | None] = ContextVar("pictured", default=None)


def pictured() -> str | None:
    """Return the working folder that a picture is of, in a task that works in one; else None."""
    return _pictured.get()


@dataclass(frozen=True)
class Reads:
    """Files here that a task reads.

    Attributes
    ----------
    own
        In the tool's folder, and found there by a name that is no path.
    named
        Named by their paths.
    """

    own: tuple[Path, ...] = ()
    named: tuple[Path, ...] = ()

    def __add__(self, other: Reads) -> Reads:
        return Reads((*self.own, *other.own), (*self.named, *other.named))


@dataclass(frozen=True)
class Goods:
    """Some files of the machine that gives tasks.

    Attributes
    ----------
    folder
        Its working folder.
    own
        Hashes of the files in the tool's own folder, by their place in it.
    named
        Hashes of all others, by their whole path.
    """

    folder: str
    own: tuple[tuple[str, str], ...]
    named: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, reads: Reads) -> Goods:
        """Return what some files are.

        Raises
        ------
        InputError
            If one cannot be read.
        """
        home, folder = paths.home(), Path.cwd()
        with _told():
            hashes = file_hashes.known(dict.fromkeys([*reads.own, *reads.named]))
        own = {path.relative_to(home).as_posix(): hashes[path] for path in reads.own}
        named = {os.path.normpath(folder / path): hashes[path] for path in reads.named}
        return cls(str(folder), tuple(sorted(own.items())), tuple(sorted(named.items())))

    def lacking(self) -> list[str]:
        """Return the hashes of those that this machine lacks, or has in another form."""
        own = [sha256 for place, sha256 in self.own if not _is(paths.home() / place, sha256)]
        named = self._lacking_in(_ROOT) and self._lacking_in(self._picture)
        return [sha256 for sha256 in [*own, *named] if not _is(_sent(sha256), sha256)]

    def contents(self, wanted: Collection[str]) -> dict[str, bytes]:
        """Return files' contents by their hashes, on the machine that they are of.

        Raises
        ------
        InputError
            If they are too large to be sent, or one cannot be read.
        """
        every = [(paths.home() / place, sha256) for place, sha256 in self.own]
        every += [(Path(place), sha256) for place, sha256 in self.named]
        found = {sha256: path for path, sha256 in every if sha256 in wanted}
        with _told():
            total = sum(path.stat().st_size for path in found.values())
        if total > _MOST_BYTES:
            raise InputError(
                f"the {len(found)} files that workers lack hold {total >> 20:,} MB, too much to "
                f"send (at most {_MOST_BYTES >> 20:,}). Put them into a folder that all machines "
                f"share, such as {next(iter(found.values()))}."
            )
        with _told():
            return {sha256: path.read_bytes() for sha256, path in found.items()}

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Keep what was sent, and make the picture if names do not lead to the same files here.

        Nothing is written over: what lies here under a name of its own stays as it is.
        """
        for sha256, content in contents.items():
            if not _is(_sent(sha256), sha256):
                files.write_bytes(_sent(sha256), content)
        for place, sha256 in self.own:
            if not (paths.home() / place).exists():
                _link(sha256, paths.home() / place)
        if self._lacking_in(_ROOT):
            _under(self._picture, self.folder).mkdir(parents=True, exist_ok=True)
            for place, sha256 in self.named:
                if not _is(_under(self._picture, place), sha256):
                    _link(sha256, _under(self._picture, place))

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Work in the folder from which names are seen.

        Raises
        ------
        InputError
            If a file is lacking.
        """
        for place, sha256 in self.own:
            if not _is(paths.home() / place, sha256):
                raise InputError(f"there is no {place} here, or one with another content.")
        if not self.named:
            yield
            return
        root = self._picture if self._lacking_in(_ROOT) else _ROOT
        if lacking := self._lacking_in(root):
            place = next(place for place, sha256 in self.named if sha256 == lacking[0])
            raise InputError(f"there is no {place} here, or one with another content.")
        before = Path.cwd()
        in_picture = _pictured.set(self.folder if root != _ROOT else None)
        os.chdir(_under(root, self.folder))
        try:
            yield
        finally:
            os.chdir(before)
            _pictured.reset(in_picture)

    @property
    def _picture(self) -> Path:
        return paths.home() / CARRIED / files.sha256_json([self.folder, self.named])

    def _lacking_in(self, root: Path) -> list[str]:
        folder = _under(root, self.folder)
        if self.named and not (os.access(folder, os.X_OK) and folder.is_dir()):
            return [sha256 for _, sha256 in self.named]
        return [s for place, s in self.named if not _is(_under(root, place), s)]


def _sent(sha256: str) -> Path:
    return paths.home() / CARRIED / _FILES / sha256


def _link(sha256: str, path: Path) -> None:
    """Put a file that was sent to its place: not written twice where the disk can do without."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with files.atomic_path(path) as temporary:
        temporary.unlink()
        try:
            os.link(_sent(sha256), temporary)
        except OSError:
            shutil.copyfile(_sent(sha256), temporary)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot read {error.filename}: {error.strerror}.") from error


def _under(root: Path, place: str) -> Path:
    return root / place.lstrip("/")


def _is(path: Path, sha256: str) -> bool:
    with suppress(OSError):
        return path.is_file() and file_hashes.known([path])[path] == sha256
    return False
