"""The log of a container that has no shell to write it itself: Docker's log stream, appended to stdout.log.

Slower than a container's own file and not byte-exact for invalid UTF-8 (Docker replaces it), so only a fallback. It
starts again after any interruption by skipping as many bytes as the file holds; that is exact while Docker keeps the
whole log, so rotation is switched off for these containers.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .client import ApiClient
from .errors import is_outage

_HEADER = struct.Struct(">BxxxL")
_BLOCK = 1 << 16
_RETRY = 0.25


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


class LogCollector:
    """Copies the log of one container into a file, from a thread of its own, until `finish` is called."""

    def __init__(self, client: Callable[[], ApiClient], name: str, path: Path) -> None:
        self._client = client
        self._name = name
        self._path = path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name=f"log {name}")
        self._thread.start()

    def finish(self) -> None:
        """The container has ended: wait until everything that it printed is in the file."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            # A pass that began after the end has seen everything; one that a dying daemon cut short has not.
            last = self._ended.is_set()
            whole = self._copy()
            if last and whole:
                return
            if not last:
                self._ended.wait(_RETRY)

    def _copy(self) -> bool:
        import docker.errors

        try:
            with self._path.open("ab") as file:
                behind = file.tell()
                for payload in frames(self._chunks()):
                    if behind >= len(payload):
                        behind -= len(payload)
                        continue
                    file.write(payload[behind:])
                    file.flush()
                    behind = 0
        except docker.errors.APIError:
            return True  # the container is gone, and its log with it
        except Exception as error:
            if not is_outage(error):
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
