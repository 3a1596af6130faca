"""Shows something again whenever a file that it was made from is saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import click

_LOOK = 200  # milliseconds between looks for Ctrl-C
_GRAIN = 20_000_000  # nanoseconds by which a file's time may lag behind the clock


def show_on_save(show: Callable[[], Collection[Path]]) -> None:
    """Call `show`, which returns the files that it read, and again whenever one of them is saved. Ends by Ctrl-C."""
    try:
        began, files = time.time_ns(), frozenset(show())
        while True:
            saves = _saves(files)
            # The first answer says that the watch stands: what was saved since the last look went by unseen.
            next(saves)
            while not _saved_since(began, files) and not next(saves):
                pass
            click.clear()
            began, files = time.time_ns(), frozenset(show())
    except KeyboardInterrupt:
        click.echo()


def _saves(files: Collection[Path]) -> Iterator[object]:
    """What was saved in the last moment, false for nothing."""
    from watchfiles import watch

    names = {str(file.absolute()) for file in files}

    def ours(_: object, path: str) -> bool:
        return path in names

    # The directories are watched: editors save by putting a new file in the place of the old one.
    folders = {file.absolute().parent for file in files}
    return watch(*folders, watch_filter=ours, recursive=False, rust_timeout=_LOOK, yield_on_timeout=True)


def _saved_since(moment: int, files: Collection[Path]) -> bool:
    for file in files:
        try:
            if file.stat().st_mtime_ns >= moment - _GRAIN:
                return True
        except OSError:
            continue
    return False
