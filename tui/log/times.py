"""What a view adds to a log: when its lines came, and lines drawn between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime


def now() -> str:
    """The local time, `03:58:06`."""
    return f"{datetime.now().astimezone():%H:%M:%S}"


class ArrivalTimes:
    """When lines came. Those that were there at the first look have no time, for nothing tells it."""

    def __init__(self) -> None:
        self._counts: list[int] = []
        self._times: list[str] = []

    def note(self, lines: int) -> None:
        """There are so many lines by now. One entry a second is kept, however many are made."""
        if not self._counts:
            self._counts.append(lines)
            self._times.append("")
        elif lines > self._counts[-1]:
            time = now()
            if time == self._times[-1]:
                self._counts[-1] = lines
            else:
                self._counts.append(lines)
                self._times.append(time)

    def time_of(self, line: int) -> str:
        """When a line came, `03:58:06`; "" when it is not known."""
        place = bisect_right(self._counts, line)
        return self._times[place] if place < len(self._times) else ""


class Markers:
    """Lines across the log, each under a line of the file, with the time at which it was drawn."""

    def __init__(self) -> None:
        self._lines: list[int] = []
        self._times: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, line: int) -> None:
        """Draw one under `line`, which is the newest; one that is there gets the time of now."""
        if self._lines[-1:] != [line]:
            self._lines.append(line)
            self._times.append("")
        self._times[-1] = now()

    def shift(self, lines: int) -> None:
        """All lines have other numbers."""
        self._lines = [line + lines for line in self._lines]

    def between(self, first: int, last: int) -> str:
        """The time of the last marker under one of the lines from `first` to `last`; "" where there is none."""
        place = bisect_right(self._lines, last) - 1
        return self._times[place] if place >= bisect_left(self._lines, first) else ""
