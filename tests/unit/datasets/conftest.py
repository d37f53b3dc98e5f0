"""A local HTTP server that misbehaves on demand, and small tables."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

ENOUGH_REQUESTS = 40


@dataclass
class Request:
    """What a client asked for."""

    path: str
    headers: dict[str, str]

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")


@dataclass
class Answer:
    """How one answer differs from a good server's; ``cut`` and ``pause_after`` count body bytes."""

    status: int | None = None
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    pause_after: int | None = None


class LocalServer:
    """Serves ``files`` well, apart from the answers that a test scripted."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.etag: str | None = '"version 1"'
        self.honours_range = True
        self.honours_if_range = True
        self.requests: list[Request] = []
        self.released = threading.Event()
        self._script: deque[Answer] = deque()
        self._always = Answer()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(OSError):
                    server._answer(self)

            def log_message(self, *_: object) -> None: ...

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str = "file") -> str:
        return f"http://127.0.0.1:{self._http.server_port}/{path}"

    def next(self, **answer: object) -> None:
        """Script the next unscripted answer."""
        self._script.append(Answer(**answer))

    def always(self, **answer: object) -> None:
        """Script every answer after the scripted ones."""
        self._always = Answer(**answer)

    @property
    def ranges(self) -> list[str | None]:
        return [request.range for request in self.requests]

    def close(self) -> None:
        self.released.set()
        self._http.shutdown()
        self._http.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        request = Request(handler.path.lstrip("/"), dict(handler.headers.items()))
        self.requests.append(request)
        answer = self._script.popleft() if self._script else self._always
        if len(self.requests) > ENOUGH_REQUESTS:
            answer = Answer(status=410)
        status, headers, body = self._good_answer(request)
        if answer.status is not None:
            status, body = answer.status, b""
        if answer.body is not None:
            status, body = answer.status or 200, answer.body
        handler.send_response(status)
        length = {"Content-Length": str(len(body))}
        for name, value in {**headers, **length, **answer.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        end = len(body) if answer.cut is None else answer.cut
        if answer.pause_after is not None:
            handler.wfile.write(body[: answer.pause_after])
            self.released.wait(20)
            body, end = body[answer.pause_after :], end - answer.pause_after
        handler.wfile.write(body[:end])

    def _good_answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        headers = {"ETag": self.etag} if self.etag else {}
        content = self.files.get(request.path)
        if content is None:
            return 404, {}, b"no such file"
        same = request.headers.get("If-Range") in (None, self.etag) or not self.honours_if_range
        if not (request.range and self.honours_range and same):
            return 200, headers, content
        start = int(request.range.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
        headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return 206, headers, content[start:]


@pytest.fixture
def server() -> Iterator[LocalServer]:
    running = LocalServer()
    yield running
    running.close()


@pytest.fixture(scope="session")
def content() -> bytes:
    """Two MiB that look like nothing."""
    return np.random.default_rng(0).bytes(2 << 20)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a small file into the test's folder."""

    def to_file(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file
