"""From a source's name to its files on disk: cache, mirror, network, each checked by hash."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from w2s_mol import files, kept, paths
from w2s_mol.datasets.download import download
from w2s_mol.datasets.sources import SourceFile, get_source, local_path
from w2s_mol.errors import DownloadError, InputError
from w2s_mol.progress import Progress, silent


def fetch(
    name: str, mirror: str | None = None, offline: bool = False, progress: Progress = silent
) -> list[Path]:
    """Return the files of a source, fetching those that are not here.

    Parameters
    ----------
    name
        A name in ``SOURCES``.
    mirror
        A folder or an http(s) address that serves the same files under the same paths; it is
        asked first. By default ``W2S_MOL_MIRROR``.
    offline
        Refuse the network.
    progress
        Told the bytes done.

    Raises
    ------
    InputError
        If there is no such source or mirror.
    DownloadError
        If a file cannot be had from anywhere, or is not the file it should be. What was received
        of a broken download is kept, and the next call goes on with it.
    """
    mirror = resolve_mirror(mirror)
    return [_fetch_file(file, mirror, offline, progress) for file in get_source(name).files]


def resolve_mirror(mirror: str | None) -> str | None:
    """Return the mirror given, or ``W2S_MOL_MIRROR``'s.

    Raises
    ------
    InputError
        If it is neither an address nor a folder.
    """
    mirror = mirror or paths.mirror()
    if mirror and not _is_address(mirror) and not Path(mirror).is_dir():
        raise InputError(f"mirror {mirror} is not a folder. Give a folder or an http(s) address.")
    return mirror


def mirror_here(mirror: str | None) -> str | None:
    """Return a mirror that another machine named, if it can be used on this one."""
    there = mirror is not None and (_is_address(mirror) or Path(mirror).is_dir())
    return mirror if there else None


def is_at_hand(name: str, mirror: str | None) -> bool:
    """Say whether all files of a source are in the cache or in a mirror folder."""
    return all(
        is_here(file)
        or (mirror is not None and not _is_address(mirror) and (Path(mirror) / file.path).is_file())
        for file in get_source(name).files
    )


def is_here(file: SourceFile) -> bool:
    """Say whether a file is here, of the right size and hash."""
    return _fault(local_path(file), file) is None


def _is_address(mirror: str) -> bool:
    return mirror.startswith(("http://", "https://"))


def _fetch_file(file: SourceFile, mirror: str | None, offline: bool, progress: Progress) -> Path:
    target = local_path(file)
    with files.locked(kept.lock_of(target), target, progress):
        try:
            if not is_here(file):
                _obtain(file, target, mirror, offline, progress)
        except OSError as error:
            raise files.write_error(target, error) from error
    return target


def _fault(path: Path, file: SourceFile) -> str | None:
    """Return what is wrong with a file, or None."""
    if not path.is_file():
        return "it is not there"
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return f"it has {size:,} bytes, expected {file.size:,}"
    lacking = _lacking_members(path, file.holds) if file.holds else None
    if lacking is not None:
        return lacking
    expected = file.sha256 or _first_hash(file)
    found = files.sha256_file(path)
    if expected is not None and found != expected:
        return f"its sha256 is {found}, expected {expected}"
    return None


def _lacking_members(path: Path, members: tuple[str, ...]) -> str | None:
    """Return what a zip lacks, or None: an error page must not become a first hash."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        return f"it is not a whole zip ({error})"
    lacking = [m for m in members if not any(f"/{n}".endswith(f"/{m}") for n in names)]
    return f"it holds no {lacking[0]}" if lacking else None


def _hash_file(file: SourceFile) -> Path:
    target = local_path(file)
    return target.with_name(target.name + ".sha256")


def _first_hash(file: SourceFile) -> str | None:
    """Return the hash that a file without a published one had when it was first fetched."""
    path = _hash_file(file)
    words = path.read_text(encoding="utf-8").split() if path.is_file() else []
    return words[0] if words else None


def _obtain(
    file: SourceFile, target: Path, mirror: str | None, offline: bool, progress: Progress
) -> None:
    failures = []
    part = target.with_name(target.name + ".part")
    for origin in _origins(file, mirror, offline):
        try:
            if _is_address(origin):
                _download_whole(origin, part, file, progress)
            else:
                _copy(Path(origin), part)
            fault = _fault(part, file)
        except DownloadError as error:
            failures.append(str(error))
            continue
        if fault is None:
            if file.sha256 is None and _first_hash(file) is None:
                files.write_text(_hash_file(file), files.sha256_file(part) + "\n")
            part.replace(target)
            return
        part.unlink(missing_ok=True)
        failures.append(f"{origin} is not the file it should be: {fault}")
    raise DownloadError(_advice(file, failures, offline))


def _download_whole(origin: str, part: Path, file: SourceFile, progress: Progress) -> None:
    """Download; if what was already there made the whole wrong, once more from the start."""
    resumed = part.exists()
    download(origin, part, file.size, progress)
    if resumed and _fault(part, file) is not None:
        part.unlink(missing_ok=True)
        download(origin, part, file.size, progress)


def _copy(origin: Path, part: Path) -> None:
    if not origin.is_file():
        raise DownloadError(f"the mirror has no {origin}")
    try:
        with origin.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise DownloadError(f"cannot read {origin}: {error.strerror}") from error
    with files.atomic_path(part) as temporary:
        shutil.copyfile(origin, temporary)


def _origins(file: SourceFile, mirror: str | None, offline: bool) -> list[str]:
    origins = [] if offline else list(file.urls)
    if mirror and not (offline and _is_address(mirror)):
        origins.insert(0, f"{mirror.rstrip('/')}/{file.path}")
    return origins


def _advice(file: SourceFile, failures: list[str], offline: bool) -> str:
    name = Path(file.path).name
    tried = "; ".join(failures) or "the network is refused and there is no mirror"
    online = "" if not offline else " Run again without --offline, or"
    record = ""
    if file.sha256 is None and _hash_file(file).is_file():
        record = (
            f" {name} is held to the sha256 it had when it was first fetched; if the release "
            f"has truly changed, remove {_hash_file(file)}."
        )
    return (
        f"cannot fetch {name}: {tried}.{online or ' Run it again to go on, or'} pass --mirror with "
        f"a folder or an address that has {file.path}.{record}"
    )
