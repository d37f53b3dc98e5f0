"""One HTTP download that resumes, and gives up with a reason."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from w2s_mol import files
from w2s_mol._version import __version__
from w2s_mol.errors import DownloadError
from w2s_mol.progress import Progress, silent

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as stalled."""
TRIES = 5
"""How often in a row a download may fail without a new byte."""
PAUSE = 0.5
"""Seconds before the first new try; doubled for each further one."""


class _RefusedError(DownloadError):
    """The server gave an answer that trying again will not change."""


def download(
    url: str,
    part: Path,
    size: int | None = None,
    progress: Progress = silent,
    timeout: float = TIMEOUT,
    pause: float = PAUSE,
) -> None:
    """Download an address into a file, going on with what is already there.

    Parameters
    ----------
    url
        Where from.
    part
        The unfinished file; what it holds is kept when the download fails, for the next try.
    size
        The number of bytes expected, if known.
    progress
        Told the bytes done.
    timeout
        Seconds without a byte after which the connection is given up.

    Raises
    ------
    DownloadError
        If the server refuses, answers with something else than the file, or fails again and again
        without sending a byte.
    """
    failures, furthest = 0, _size(part)
    while True:
        try:
            _try(url, part, size, progress, timeout)
        except _RefusedError:
            raise
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise DownloadError(f"{url} is not an address: {error}") from error
        except (httpx.HTTPError, DownloadError) as error:
            failures = 1 if _size(part) > furthest else failures + 1
            furthest = max(furthest, _size(part))
            if failures >= TRIES:
                raise DownloadError(f"{url}: {str(error) or type(error).__name__}") from error
            time.sleep(pause * 2 ** (failures - 1))
        except OSError as error:
            raise files.write_error(part, error) from error
        else:
            return


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _try(url: str, part: Path, size: int | None, progress: Progress, timeout: float) -> None:
    tag_file = part.with_name(part.name + ".tag")
    have, tag = _size(part), _read_tag(tag_file, url)
    if have and size is None and tag is None:
        have = 0  # nothing would show that the rest belongs to another version of the file
    if size is not None and have == size:
        return
    if size is not None and have > size:
        part.unlink()
        have = 0
    headers = {"User-Agent": f"w2s-mol/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if tag is not None:
            headers["If-Range"] = tag
    with httpx.stream(
        "GET", url, headers=headers, timeout=timeout, follow_redirects=True
    ) as response:
        resumed = _check_answer(response, have, part, tag)
        _write_tag(tag_file, url, response)
        _receive(response, part, resumed, size, progress)
    tag_file.unlink(missing_ok=True)


def _check_answer(response: httpx.Response, have: int, part: Path, tag: str | None) -> bool:
    """Say whether the answer goes on where the file ends; raise if it is no file at all."""
    status = response.status_code
    if status == httpx.codes.PARTIAL_CONTENT:
        same = tag is None or _tag(response) in (None, tag)
        if same and response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            return True
        part.unlink(missing_ok=True)
        raise DownloadError("the server sent another part or version of the file than asked for")
    if status == httpx.codes.OK:
        return False
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.unlink(missing_ok=True)
        raise DownloadError("the part already here is longer than the file")
    message = f"the server answered HTTP {status} {response.reason_phrase} in place of the file"
    temporary = status >= 500 or status in {202, 408, 425, 429}
    raise (DownloadError if temporary else _RefusedError)(
        message if temporary else f"{response.url}: {message}"
    )


def _receive(
    response: httpx.Response, part: Path, resumed: bool, size: int | None, progress: Progress
) -> None:
    encoded = "Content-Encoding" in response.headers
    announced = None if encoded else int(response.headers.get("Content-Length", 0)) or None
    if size is not None and announced is not None and not resumed and announced < size:
        raise DownloadError(f"the server offers {announced:,} bytes, expected {size:,}")
    with part.open("ab" if resumed else "wb") as file:
        done = start = file.tell()
        total = size or (start + announced if announced else None)
        for chunk in response.iter_bytes():
            file.write(chunk)
            done += len(chunk)
            progress(f"fetching {part.name.removesuffix('.part')}", done, total)
            if size is not None and done > size:
                break
    if size is not None and done > size:
        part.unlink()
        raise _RefusedError(f"{response.url}: more than the {size:,} bytes expected")
    if done == 0 or (size is not None and done < size):
        raise DownloadError(f"got {done:,} bytes, expected {size or 'some'}")


def _read_tag(path: Path, url: str) -> str | None:
    try:
        tag = files.read_json(path)
        return str(tag["tag"]) if tag["url"] == url else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_tag(path: Path, url: str, response: httpx.Response) -> None:
    """Keep what identifies this version of the file, so that a later try goes on with the same."""
    tag = _tag(response)
    if tag:
        files.write_json(path, {"url": url, "tag": tag})
    else:
        path.unlink(missing_ok=True)


def _tag(response: httpx.Response) -> str | None:
    """Return what identifies this version of the file byte for byte, if the server says so."""
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
    return tag if tag and tag.isascii() and not tag.startswith("W/") else None
