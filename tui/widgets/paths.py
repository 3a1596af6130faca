"""Completing the path that is typed into the prompt."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from itertools import islice

from textual.suggester import Suggester

_MOST = 10_000  # entries of a folder that are looked at


class PathSuggester(Suggester):
    """Suggests folders, and the files that end in one of `suffixes()`; nothing while it gives None."""

    def __init__(self, suffixes: Callable[[], tuple[str, ...] | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._suffixes = suffixes

    async def get_suggestion(self, value: str) -> str | None:
        """The typed path, completed. A slow disk is waited for on a thread."""
        suffixes = self._suffixes()
        return None if suffixes is None else await asyncio.to_thread(completed, value, suffixes)


def completed(typed: str, suffixes: tuple[str, ...]) -> str | None:
    """`typed` up to the end of the first name that begins so; None when none does.

    Files come before folders, which end in `/`; names with a dot in front only where it is typed.
    """
    folder, name = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = [_shown(entry) for entry in islice(entries, _MOST) if entry.name.startswith(name)]
    except (OSError, ValueError):
        return None
    dotted = name.startswith(".")
    fitting = [text for text in found if text.endswith(("/", *suffixes)) and (dotted or not text.startswith("."))]
    best = min(fitting, key=lambda text: (text.endswith("/"), text), default="")
    return None if best in ("", name) else f"{typed[: len(typed) - len(name)]}{best}"


def _shown(entry: os.DirEntry[str]) -> str:
    try:
        return f"{entry.name}/" if entry.is_dir() else entry.name
    except OSError:
        return entry.name
