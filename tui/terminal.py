"""The terminal as the dashboard writes to it."""

from __future__ import annotations

import os
import signal
from typing import Any, TextIO, cast

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class TerminalDriver(LinuxDriver):
    """Textual's driver, for which a terminal that has gone is a reason to leave.

    Textual writes on a thread of its own behind a short queue. That thread would die of the first error, and whoever
    writes next, be it only to say goodbye, would wait at a full queue for ever.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)  # pyright: ignore[reportUnknownMemberType]
        self._file = cast(TextIO, _Output(self._file))


class _Output:
    """Writes while there is a terminal; then it takes everything, keeps nothing, and has the program end once."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._gone = False

    def write(self, text: str) -> int:
        if not self._gone:
            try:
                self._file.write(text)
            except OSError:
                self._lost()
        return len(text)

    def flush(self) -> None:
        if not self._gone:
            try:
                self._file.flush()
            except OSError:
                self._lost()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()

    def _lost(self) -> None:
        self._gone = True
        # What the kernel does for the session's leader. Not everybody who has lost a terminal is one.
        os.kill(os.getpid(), signal.SIGHUP)
