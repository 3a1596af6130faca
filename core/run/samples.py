"""The requests and answers that the logging interceptors wrote down, as pairs that can be looked through.

The files hold one JSON object a line, which begins with the id that a request and its answer share. They may be large
and still growing: only where lines begin is kept, and a pair is read when it is asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from ..base.atomic import open_regular
from .sample import Sample, sample_of

REQUESTS_FILE = "requests.jsonl"
RESPONSES_FILE = "responses.jsonl"
_ID = re.compile(rb'\{"id": ?"([^"\\]{1,64})"')
_BLOCK = 1 << 20
_MOST_LINE = 32 << 20  # what is longer is not shown
_MOST_PAIRS = 1_000_000


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    size: int


class _Lines:
    """Where the lines of one growing file begin, by their ids."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None
        self._read_to = 0
        self.places: dict[str, _Place] = {}

    def refresh(self) -> bool:
        """Take in the lines that were added. True when earlier ones are gone (the file was replaced or cut)."""
        fd = open_regular(self._path)
        if fd is None:
            gone = bool(self.places)
            self._forget(None)
            return gone
        try:
            status = os.fstat(fd)
            identity = (status.st_dev, status.st_ino)
            anew = self._identity not in (None, identity) or status.st_size < self._read_to
            if anew or self._identity is None:
                self._forget(identity)
            with contextlib.suppress(OSError):
                self._take(fd)
            return anew
        finally:
            os.close(fd)

    def _forget(self, identity: tuple[int, int] | None) -> None:
        self._identity, self._read_to, self.places = identity, 0, {}

    def _take(self, fd: int) -> None:
        start = self._read_to
        head = b""
        at = start
        while block := os.pread(fd, _BLOCK, at):
            line_from = 0
            while (end := block.find(b"\n", line_from)) >= 0:
                head += block[line_from : min(end, line_from + 100)] if len(head) < 100 else b""
                self._note(head, start, at + end - start)
                start, line_from, head = at + end + 1, end + 1, b""
            if len(head) < 100:
                head += block[line_from : line_from + 100]
            at += len(block)
        # A last line without its newline is still being written.
        self._read_to = start

    def _note(self, head: bytes, offset: int, size: int) -> None:
        match = _ID.match(head)
        if match and size <= _MOST_LINE and len(self.places) < _MOST_PAIRS:
            self.places[match[1].decode("utf-8", "replace")] = _Place(offset, size)

    def read(self, identity: str) -> object:
        """The object of one line, None when it cannot be read."""
        place = self.places.get(identity)
        fd = open_regular(self._path) if place else None
        if place is None or fd is None:
            return None
        try:
            return json.loads(os.pread(fd, place.size, place.offset))
        except (OSError, ValueError, RecursionError):
            return None
        finally:
            os.close(fd)


class SampleLog:
    """The pairs of one attempt: requests in the order they came, then answers whose request was not written down.

    Not safe from several threads at once.
    """

    def __init__(self, folder: Path) -> None:
        self._requests = _Lines(folder / REQUESTS_FILE)
        self._responses = _Lines(folder / RESPONSES_FILE)
        self._ids: list[str] = []
        self._known: set[str] = set()

    def refresh(self) -> int:
        """Take in what was added since the last call, and return how many pairs there are. Raises nothing."""
        gone = [lines.refresh() for lines in (self._requests, self._responses)]
        if any(gone):
            self._ids, self._known = [], set()
        for lines in (self._requests, self._responses):
            new = [identity for identity in lines.places if identity not in self._known]
            self._ids += new
            self._known.update(new)
        return len(self._ids)

    def read(self, number: int) -> Sample:
        """The pair `number` (from 0), as `refresh` counted. Raises IndexError."""
        identity = self._ids[number]
        return sample_of(identity, self._requests.read(identity), self._responses.read(identity))
