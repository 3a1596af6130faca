"""How a log is looked at: what stands on screen, followed or held, wrapped, searched, filtered. No screen in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...core.run.log_file import Content, LogFile
from ...core.run.log_query import Query
from ...core.run.log_text import line_bytes, plain
from ..draw.log_line import LONGEST, Runs, shown_text
from .log_rows import Place, Row, Rows
from .log_search import Search

_KEPT = 4096


@dataclass(frozen=True)
class LogStatus:
    """How the log is being looked at. `paused_new` lines came while it was held; `hit` counts from 1, 0 is none."""

    lines: int = 0
    size: int = 0
    following: bool = True
    paused_new: int = 0
    hit: int = 0
    hits: int = 0
    searching: bool = False
    pattern: str = ""
    filter: bool = False
    wrap: bool = False
    problem: str = ""


class LogView:
    """One log and the way it is looked at. `draw` gives the drawn form of a folded line; `wake` is called on another
    thread when there is something to `take`."""

    def __init__(self, draw: Callable[[bytes], Runs], wake: Callable[[], None]) -> None:
        self._draw, self._wake = draw, wake
        self.height = 0
        self.status = LogStatus()
        self.why_empty = ""
        self.hit: tuple[int, int] | None = None
        self.query: Query | None = None
        self.rows = Rows(lambda: self.count(), self.text, lambda line: self.line_of(line) in self.markers)
        self.markers: dict[int, str] = {}
        self._file: LogFile | None = None
        self._content = Content(None, False, 0)
        self._top = Place()
        self._following = True
        self._held_at = 0
        self._only_hits = False
        self._seen: tuple[list[int], list[str]] = ([], [])
        self._search: Search | None = None
        self._wanted = 0
        self._kept: dict[tuple[int, int], Runs] = {}

    @property
    def path(self) -> Path | None:
        """The file that is looked at."""
        return self._file.path if self._file is not None else None

    def open(self, path: Path | None) -> None:
        """Look at another file, from its end."""
        self.close()
        self._following, self.hit = True, None
        self.markers, self._seen = {}, ([], [])
        self._top, self._content = Place(), Content(None, False, 0)
        self._kept.clear()
        if path is not None:
            self._file = LogFile(path, self._wake)
        self.take()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._end_search()

    def forget_drawn(self) -> None:
        """Lines look different from now on."""
        self._kept.clear()

    def take(self) -> None:
        """Take in what has come."""
        content = self._file.content if self._file is not None else Content(None, False, 0)
        if content.generation != self._content.generation:
            self._adopt(content)
        self._content = content
        self._note_time()
        if self.query is not None and self._search is None and content.complete and content.index is not None:
            self._search = Search(content.index, self.query, self.line_of(self._top.line), self._wake)
        if self._search is not None:
            self._search.grow()
            self._seek()
        self._settle()

    def _settle(self) -> None:
        """Keep the end in sight where that is wanted, and say how things are."""
        if self._following:
            self._top = self.rows.bottom(self.height)
        self._tell()

    def _adopt(self, content: Content) -> None:
        """Another file, or the whole of the one whose end was shown: then the same text stays where it is."""
        before = self._content
        self._kept.clear()
        self._end_search(keep=True)
        if content.complete and not before.complete and before.index is not None and content.index is not None:
            offset = before.index.spans(self.line_of(self._top.line), 1)
            line = content.index.line_at(offset[0][0]) if offset else 0
            shift = line - self._top.line
            self._top = Place(line, self._top.part)
            self.markers = {at + shift: text for at, text in self.markers.items()}
            self._held_at += shift
        else:
            self.markers, self._seen, self.hit = {}, ([], []), None
            self._top = Place()

    def _note_time(self) -> None:
        lines = self._lines()
        counts, times = self._seen
        if self._content.complete and (not counts or counts[-1] < lines):
            # What was there when the log was opened has no time of its own.
            counts.append(lines)
            times.append(_now() if len(counts) > 1 else "")

    def _tell(self) -> None:
        index = self._content.index
        lines = self._lines()
        search, hit = self._search, self.hit
        self.status = LogStatus(
            lines=lines if self._content.complete else 0,
            size=index.extent.end if index is not None else 0,
            following=self._following,
            paused_new=0 if self._following else max(0, lines - self._held_at),
            hit=search.position(*hit) if search is not None and hit is not None else 0,
            hits=search.marks if search is not None else 0,
            searching=search.searching if search is not None else self.query is not None,
            pattern=self.query.pattern if self.query is not None else "",
            filter=self._only_hits,
            wrap=self.rows.wrap_at > 0,
            problem=search.problem if search is not None else "",
        )

    def _lines(self) -> int:
        return self._content.index.extent.lines if self._content.index is not None else 0

    def count(self) -> int:
        """How many lines the view has."""
        if self._only_hits:
            return self._search.lines if self._search is not None else 0
        return self._lines()

    def line_of(self, place: int) -> int:
        """The line of the file that stands at a place of the view."""
        if not self._only_hits or self._search is None:
            return place
        found = self._search.line(place)
        return found if found is not None else -1

    def drawn(self, line: int) -> Runs:
        """A line of the file as it is drawn, in full."""
        index = self._content.index
        spans = index.spans(line, 1) if index is not None and line >= 0 else []
        if index is None or not spans:
            return ()
        runs = self._kept.get(spans[0])
        if runs is None:
            if len(self._kept) > _KEPT:
                self._kept.clear()
            runs = self._kept[spans[0]] = self._draw(line_bytes(index, *spans[0], 4 * LONGEST))
        return runs

    def text(self, place: int) -> str:
        """What is seen of a line of the view."""
        return shown_text(self.drawn(self.line_of(place)))

    def toggle_follow(self) -> None:
        """Follow the end, or stay here."""
        self._follow(not self._following)
        self._tell()

    def _follow(self, on: bool) -> None:
        if on != self._following:
            self._following, self._held_at = on, self._lines()
        if on:
            self._top = self.rows.bottom(self.height)

    def frame(self) -> list[Row]:
        """The rows that are on screen now."""
        return list(self.rows.down(self._top, self.height))

    def move(self, rows: int) -> None:
        """Rows down, or up; up ends the following."""
        if rows < 0:
            self._follow(False)
        self._top = self.rows.moved(self._top, rows, self.height)
        self._tell()

    def to_top(self) -> None:
        """To the first line."""
        self._follow(False)
        self._top = Place()
        self._tell()

    def to_end(self) -> None:
        """To the end, and on with it."""
        self._follow(True)
        self._tell()

    def resize(self, height: int, wrap_at: int) -> None:
        """The screen has so many rows; lines longer than `wrap_at` cells are wrapped, 0 wraps nothing."""
        if wrap_at != self.rows.wrap_at:
            self._top = Place(self._top.line)
        self.height, self.rows.wrap_at = height, wrap_at
        self._settle()

    def go_to(self, line: int) -> None:
        """Go to a line by its number, from 1."""
        self.filter_mode(False)
        self._show_line(max(0, min(line, self._lines()) - 1))
        self._tell()

    def _show_line(self, line: int) -> None:
        self._follow(False)
        place = line
        if self._only_hits and self._search is not None:
            place = self._search.number_before(line)
        shown = {self.line_of(row.line) for row in self.frame()[1:-1]}
        if line not in shown:
            self._top = self.rows.moved(Place(place), -(self.height // 3), self.height)

    def add_marker(self) -> None:
        """Draw a line under the newest line, in this view only."""
        if self._lines():
            self.markers[self._lines() - 1] = _now()
            self._tell()

    def search(self, pattern: str, regex: bool = False) -> None:
        """Look for a text or a regular expression, from what is on screen on; "" ends it. Raises BadPattern."""
        query = Query(pattern, regex) if pattern else None
        if query == self.query:
            return
        self._end_search()
        self.query, self.hit = query, None
        self._wanted = 1 if query is not None else 0
        if query is None:
            self._leave_filter()
        self.take()

    def _end_search(self, *, keep: bool = False) -> None:
        if self._search is not None:
            self._search.stop()
        self._search = None
        if not keep:
            self.query, self.hit, self._wanted, self._only_hits = None, None, 0, False

    def next_hit(self, step: int) -> None:
        """Go to the next match, or the one before."""
        self._wanted = step
        self._seek()
        self._tell()

    def _seek(self) -> None:
        """Go to the match that is wanted, if it is counted by now; else it is wanted still."""
        search = self._search
        if not self._wanted or search is None:
            return
        if self.hit is None:
            start = self.line_of(self._top.line)
            found = search.next(start, -1, 1) or search.next(self._lines(), 0, -1)
        else:
            found = search.next(*self.hit, self._wanted)
        if found is not None:
            self.hit, self._wanted = found, 0
            self._show_line(found[0])
        elif not search.searching:
            self._wanted = 0

    def filter_mode(self, on: bool) -> None:
        """Show only lines that match, or all again; what stands at the top stays there."""
        if on == self._only_hits or (on and self.query is None):
            return
        if on:
            line = self.line_of(self._top.line)
            self._only_hits = True
            self._top = Place(self._search.number_before(line) if self._search is not None else 0)
        else:
            self._leave_filter()
        self._settle()

    def _leave_filter(self) -> None:
        if self._only_hits:
            line = self.line_of(self._top.line)
            self._only_hits = False
            self._top = Place(max(0, line))

    def copied(self, line: int) -> str:
        """The text of a line as it is in the file."""
        index = self._content.index
        spans = index.spans(line, 1) if index is not None and line >= 0 else []
        return plain(line_bytes(index, *spans[0])) if index is not None and spans else ""

    def time_of(self, line: int) -> str:
        """When a line came, "" for what was there when the log was opened."""
        counts, times = self._seen
        place = bisect_right(counts, line)
        return times[place] if place < len(times) else ""

    def sentence(self) -> str:
        """What is said where there is no line."""
        if self._only_hits:
            return "No line matches." if self._search is not None and not self._search.searching else "Searching."
        return self._content.problem or self.why_empty


def _now() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"
