"""The log of a container that has no shell to write it itself: Docker's log stream, appended to stdout.log.

Slower than a container's own file and not byte-exact for invalid UTF-8 (Docker replaces it), so only a fallback. It
starts again after any interruption by skipping as many bytes as the file holds; that is exact while Docker keeps the
whole log, so rotation is switched off for these containers.
"""

from __future__ import annotations

import os
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ...run.events import Reason
from ..executor import JobProblem
from ..space import FULL
from .client import ApiClient
from .errors import is_outage

_HEADER = struct.Struct(">BxxxL")
_BLOCK = 1 << 16
_RETRY = 0.25
_LAST_WORDS = 20  # lines
_HURRY = 2.0  # seconds that the rest of a log may take once its job is to end


def frames(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The payloads of Docker's multiplexed stream: an 8-byte header (stream, 3 zeros, length), then the bytes."""
    buffer = b""
    for chunk in chunks:
        buffer += chunk
        start = 0
        while len(buffer) - start >= _HEADER.size:
            length = _HEADER.unpack_from(buffer, start)[1]
            end = start + _HEADER.size + length
            if len(buffer) < end:
                break
            yield buffer[start + _HEADER.size : end]
            start = end
        buffer = buffer[start:]


def open_log(path: Path) -> int:
    """A descriptor to append to the log that evaldock made at `path`.

    Raises JobProblem when something else has its place: a link, a pipe, a file that has a second name.
    """
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            fd = os.open(path.name, flags, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise _not_the_log(path) from error
    about = os.fstat(fd)
    if stat.S_ISREG(about.st_mode) and about.st_nlink == 1:
        return fd
    os.close(fd)
    raise _not_the_log(path)


def _not_the_log(path: Path) -> JobProblem:
    return JobProblem(Reason.START_FAILED, f"{path} is not the file that evaldock made for the log. Rerun the task.")


def is_empty(path: Path) -> bool:
    """Whether nothing was written to the log at `path`."""
    try:
        return path.stat(follow_symlinks=False).st_size == 0
    except OSError:
        return False


def last_words(client: ApiClient, name: str, path: Path) -> str:
    """The end of what a container told Docker and not its own log at `path`, which gets it now.

    Raises what Docker does, JobProblem and OSError.
    """
    said: bytes = client.logs(name, tail=_LAST_WORDS)
    fd = open_log(path)
    try:
        os.write(fd, said)
    finally:
        os.close(fd)
    return said.decode("utf-8", "replace")


class LogCollector:
    """Copies the log of one container to descriptor `fd`, which it closes, from a thread of its own.

    The descriptor is the same in every pass: whatever stands under the file's name later is not opened.
    """

    def __init__(self, client: Callable[[], ApiClient], name: str, fd: int) -> None:
        self._client = client
        self._name = name
        self._fd = fd
        self._ended = threading.Event()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"log {name}")
        self._thread.start()

    def finish(self, hurried: Callable[[], bool]) -> None:
        """The container has ended: wait until everything that it printed is in the file.

        Once `hurried()` is true (the job was to be stopped) that may take a moment only, however much was printed.
        """
        self._ended.set()
        deadline: float | None = None
        while self._thread.is_alive():
            self._thread.join(_RETRY)
            if deadline is None and hurried():
                deadline = time.monotonic() + _HURRY
            if deadline is not None and time.monotonic() > deadline:
                self.leave()
                return

    def leave(self) -> None:
        """Copy no more."""
        self._left.set()

    def _work(self) -> None:
        try:
            while not self._left.is_set():
                # A pass that began after the end has seen everything; one that a dying daemon cut short has not.
                last = self._ended.is_set()
                whole = self._copy()
                if last and whole:
                    return
                if not last:
                    self._ended.wait(_RETRY)
        finally:
            os.close(self._fd)

    def _copy(self) -> bool:
        import docker.errors

        try:
            behind = os.fstat(self._fd).st_size
            for payload in frames(self._chunks()):
                if self._left.is_set():
                    break
                if behind >= len(payload):
                    behind -= len(payload)
                    continue
                rest = memoryview(payload)[behind:]
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
                behind = 0
        except docker.errors.APIError:
            return True  # the container is gone, and its log with it
        except Exception as error:
            full = isinstance(error, OSError) and error.errno in FULL
            if not full and not is_outage(error):
                raise
            return False
        return True

    def _chunks(self) -> Iterator[bytes]:
        client: Any = self._client()
        # The library's own reader makes two reads a frame; this takes what the socket has.
        response = client._get(
            client._url("/containers/{0}/logs", self._name),
            params={"stdout": 1, "stderr": 1, "follow": 1},
            stream=True,
            timeout=None,
        )
        client._raise_for_status(response)
        while block := response.raw.read1(_BLOCK):
            yield block
