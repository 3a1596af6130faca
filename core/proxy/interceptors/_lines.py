"""Files with one JSON object a line, for people and scripts to read while a job runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

from ...base.sanitize import json_text
from ...base.secrets import scrub

log = logging.getLogger("evaldock.proxy")


class JsonLines:
    """Appends lines to a private file until it has `limit` (None: any number), one write() each, keys hidden.

    A file that cannot be written (disk full) is given up with one warning: requests matter more than their log.
    """

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self.path = path
        # A proxy that takes the place of a dead one goes on with the file of that.
        self._left = None if limit is None else max(0, limit - _lines_in(path, limit))
        self._fd: int | None = None
        self._given_up = False

    @property
    def wants(self) -> bool:
        """Whether another line would be written; ask before doing the work to make one."""
        return not self._given_up and (self._left is None or self._left > 0)

    def write(self, record: Mapping[str, object]) -> None:
        """Append `record`."""
        if not self.wants:
            return
        line = scrub(json_text(record)) + "\n"
        try:
            self._append(line.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._given_up = True
            log.warning("%s cannot be written (%s); the job goes on without it.", self.path, error.strerror)
            return
        if self._left is not None:
            self._left -= 1

    def _append(self, data: bytes) -> None:
        if self._fd is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._fd = os.open(self.path, flags, 0o600)
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def close(self) -> None:
        """Done; a later write opens the file again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _lines_in(path: Path, most: int) -> int:
    """How many lines a file has, counted up to `most`."""
    try:
        with path.open("rb") as file:
            return sum(1 for _ in islice(file, most))
    except OSError:
        return 0
