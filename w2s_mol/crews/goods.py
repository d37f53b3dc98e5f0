"""Files that tasks read, on machines that may lack them: put there as they are here.

What lies in the tool's own folder goes to the same place in that of the other machine. Everything
else is drawn as a picture: a folder in which each file has the whole path that it has here, so that
names seen from the working folder are seen from the same folder of the picture.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from w2s_mol import file_hashes, files, paths
from w2s_mol.errors import InputError

_MOST_BYTES = 4 << 30
_PICTURES = "carried"


@dataclass(frozen=True)
class Goods:
    """Some files of the machine that gives tasks.

    Attributes
    ----------
    folder
        Its working folder.
    own
        Hashes of the files in the tool's own folder, by their place in it.
    others
        Hashes of all others, by their whole path.
    """

    folder: str
    own: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, wanted: Iterable[Path]) -> Goods:
        """Return what some files are, but for those that the program itself ships.

        Raises
        ------
        InputError
            If one cannot be read.
        """
        home, folder = paths.home().resolve(), Path.cwd()
        shipped = [paths.shipped(kind).resolve() for kind in ("checkpoints", "data")]
        whole = {Path(os.path.normpath(folder / path)): path for path in wanted}
        left = {
            place: path
            for place, path in whole.items()
            if not any(path.resolve().is_relative_to(one) for one in shipped)
        }
        with _told():
            hashes = file_hashes.known(left.values())
        own, others = {}, {}
        for place, path in left.items():
            if path.resolve().is_relative_to(home):
                own[path.resolve().relative_to(home).as_posix()] = hashes[path]
            else:
                others[str(place)] = hashes[path]
        return cls(str(folder), tuple(sorted(own.items())), tuple(sorted(others.items())))

    def lacking(self) -> list[str]:
        """Return the hashes of those that this machine lacks, or has in another form."""
        home = paths.home()
        own = [sha256 for place, sha256 in self.own if not _is(home / place, sha256)]
        return [*own, *(self._lacking_in(Path("/")) and self._lacking_in(self._picture))]

    def contents(self) -> dict[str, bytes]:
        """Return the content of every file by its hash, on the machine that they are of.

        Raises
        ------
        InputError
            If they are too large to be sent, or one cannot be read.
        """
        home = paths.home()
        found = [(home / place, sha256) for place, sha256 in self.own]
        found += [(Path(place), sha256) for place, sha256 in self.others]
        with _told():
            total = sum(path.stat().st_size for path, _ in found)
        if total > _MOST_BYTES:
            raise InputError(
                f"the {len(found)} files that workers lack hold {total >> 20:,} MB, too much to "
                f"send (at most {_MOST_BYTES >> 20:,}). Put them into a folder that all machines "
                f"share, such as {found[0][0]}."
            )
        with _told():
            return {sha256: path.read_bytes() for path, sha256 in found}

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Write what is lacking here, each file whole or not at all."""
        home = paths.home()
        for place, sha256 in self.own:
            _put(home / place, sha256, contents)
        if self._lacking_in(Path("/")):
            _under(self._picture, self.folder).mkdir(parents=True, exist_ok=True)
            for place, sha256 in self.others:
                _put(_under(self._picture, place), sha256, contents)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Work in the folder from which names are seen.

        Raises
        ------
        InputError
            If a file is lacking.
        """
        if not self.others:
            yield
            return
        root = Path("/")
        if lacking := self._lacking_in(root):
            root = self._picture
            lacking = self._lacking_in(root)
        if lacking:
            place = next(place for place, sha256 in self.others if sha256 == lacking[0])
            raise InputError(f"there is no {place} here, or one with another content.")
        before = Path.cwd()
        os.chdir(_under(root, self.folder))
        try:
            yield
        finally:
            os.chdir(before)

    @property
    def _picture(self) -> Path:
        return paths.home() / _PICTURES / files.sha256_json([self.folder, self.others])

    def _lacking_in(self, root: Path) -> list[str]:
        if self.others and not _under(root, self.folder).is_dir():
            return [sha256 for _, sha256 in self.others]
        return [s for place, s in self.others if not _is(_under(root, place), s)]


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


def _put(path: Path, sha256: str, contents: Mapping[str, bytes]) -> None:
    if sha256 in contents and not _is(path, sha256):
        files.write_bytes(path, contents[sha256])
