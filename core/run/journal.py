"""The journal of a run: one event a line, appended by one writer, read by anybody."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ..base.atomic import read_from_file
from .events import Event, JobChanged, KillRequested, RerunRequested, RunCreated, RunFinished, event_from_json

_DURABLE = (JobChanged, KillRequested, RerunRequested, RunCreated, RunFinished)
_BLOCK = 1 << 16


def encode_line(event: Event) -> bytes:
    """The journal line of an event: compact ASCII JSON and a newline."""
    return json.dumps(event.to_json(), separators=(",", ":"), default=str).encode("ascii") + b"\n"


class JournalWriter:
    """Appends events. Opening repairs a last line that a crash cut short, so open it under the engine's lock.

    Raises OSError when the file cannot be opened or written; a line is then wholly there or not at all.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._fd = os.open(path, flags, 0o600)
        self._lock = threading.Lock()
        os.fchmod(self._fd, 0o600)
        self._size = _repair(self._fd)

    def append(self, event: Event) -> None:
        """Write one event, durably when it is a transition. Safe from several threads."""
        line = encode_line(event)
        with self._lock:
            written = 0
            try:
                # One write, but on a full disk: then the next one raises.
                while written < len(line):
                    written += os.write(self._fd, line[written:])
            except OSError:
                # Half a line would swallow the next one.
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._size)
                raise
            self._size += len(line)
        if isinstance(event, _DURABLE):
            os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def __enter__(self) -> JournalWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _repair(fd: int) -> int:
    size = os.fstat(fd).st_size
    end = size
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(fd, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(fd, end)
        os.fsync(fd)
    return end


def read_events(path: Path) -> Iterator[Event]:
    """All events of a journal in order; see `read_from` for what is skipped. Raises OSError."""
    yield from read_from(path, 0)[0]


def read_from(path: Path, offset: int) -> tuple[list[Event], int]:
    """The events that whole lines from byte `offset` on hold, and the offset of the first unread byte.

    A last line without newline is not read: its writer is still at it, or will cut it off. Lines that are not
    JSON, or are of a kind unknown to this version, are skipped. Raises OSError.
    """
    data = read_from_file(path, offset)
    end = data.rfind(b"\n") + 1
    lines = data[:end].splitlines()
    found = _decode_all(lines)
    if found is None:
        found = [decode_line(line) for line in lines]
    return [event for event in found if event is not None], offset + end


def _decode_all(lines: list[bytes]) -> list[Event | None] | None:
    """All lines in one go, which is much faster; None when one of them is damaged."""
    try:
        values = json.loads(b"[" + b",".join(lines) + b"]")
        # Two halves of something may make a whole where they are joined.
        return [event_from_json(value) for value in values] if len(values) == len(lines) else None
    except (ValueError, RecursionError):
        return None


def decode_line(line: bytes) -> Event | None:
    """The event of one journal line, None when the line holds none that this version can use."""
    try:
        return event_from_json(json.loads(line))
    except (ValueError, RecursionError):
        return None
