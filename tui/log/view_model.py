"""How a log is looked at: what stands on screen, followed or held, wrapped, searched, filtered. No screen in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...core.logs.file import Content, LogFile
from ...core.logs.query import BadPattern, Query
from ...core.logs.text import LONGEST as LONGEST_READ
from ...core.logs.text import line_bytes, plain
from .copy import copied_lines
from .frame import LogRow, LogStatus
from .log_line import LONGEST, NOTHING, LogLine
from .matches import Hit, Search
from .rows import MARKER, LinePlace, Rows
from .times import ArrivalTimes, Markers

_KEPT = 2048
_BEFORE_HIT = 200
"""Characters left before a match that is too far to the right to be drawn otherwise."""

Draw = Callable[[bytes, int], LogLine]
"""The drawn form of a folded line, its first characters left out."""


class LogView:
    """One log and the way it is looked at. `draw` gives the drawn form of a folded line; `wake` is called on another
    thread when there is something to `take`. After anything was done, `look` tells what there is to see."""

    def __init__(self, draw: Draw, wake: Callable[[], None]) -> None:
        self._draw, self._wake = draw, wake
        self.why_empty = ""
        self.query: Query | None = None
        self.hit: Hit | None = None
        self.spot: int | None = None
        """The line that was gone to by its number."""
        self.markers = Markers()
        self._height = 0
        self._rows = Rows(lambda: self.count(), lambda place: self._line(place).drawn, lambda p: bool(self._marker(p)))
        self._file: LogFile | None = None
        self._content = Content()
        self._top = LinePlace()
        self._following = True
        self._held_at = 0
        self._only_hits = False
        self._seen = ArrivalTimes()
        self._search: Search | None = None
        self._refused = ""
        self._wanted = 0
        self._anchor = (0, 0)
        self._skip: tuple[int, int] = (-1, 0)
        self._spans: dict[int, tuple[int, int]] = {}
        self._kept: dict[tuple[int, int, int], LogLine] = {}
        self._kept_marks: dict[tuple[int, int], tuple[tuple[int, int], ...]] = {}

    @property
    def path(self) -> Path | None:
        """The file that is looked at."""
        return self._file.path if self._file is not None else None

    @property
    def generation(self) -> int:
        """Another number when the lines are others."""
        return self._content.generation

    @property
    def here(self) -> int | None:
        """Where in the view the line stands that was gone to, by its number or for its match; None when none was."""
        line = self.hit[0] if self.hit is not None and self.spot is None else self.spot
        return self._search.number_before(line) if line is not None and self._only_hits and self._search else line

    def open(self, path: Path | None) -> None:
        """Look at another file, from its end. A search goes on in it, but does not go anywhere by itself."""
        self.close()
        self._following, self._only_hits = True, False
        self._content = Content()
        self._begin_anew()
        if path is not None:
            self._file = LogFile(path, self._wake)
        self.take()

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._stop_search()

    def forget_drawn(self) -> None:
        """Lines look different from now on."""
        self._kept.clear()
        self._kept_marks.clear()

    # What comes from the file and from the search

    def take(self) -> None:
        """Take in what has come."""
        content = self._file.content if self._file is not None else Content()
        before, self._content = self._content, content
        # Where lines stand in the file is known only until it changes.
        self._spans.clear()
        if content.generation != before.generation:
            self._adopt(before, content)
        if content.complete:
            self._seen.note(self._lines())
        if self.query is not None and self._search is None and content.complete and content.index is not None:
            self._search = Search(content.index, self.query, self.line_of(self._top.line), self._wake)
        if self._search is not None:
            self._search.grow()
            self._keep_place()
            self._seek()

    def _adopt(self, before: Content, content: Content) -> None:
        """Another file, or the whole of the one whose end was shown: then the same text stays where it is."""
        self._stop_search()
        self.forget_drawn()
        if not (content.complete and not before.complete and before.index is not None and content.index is not None):
            self._following = self._following or before.index is not None
            self._begin_anew()
            return
        shift = content.index.line_at(before.index.origin)
        self._top = LinePlace(self._top.line + shift, self._top.part)
        self._held_at += shift
        self.markers.shift(shift)

    def _begin_anew(self) -> None:
        self.forget_drawn()
        self._top, self.hit, self.spot, self._held_at, self._skip = LinePlace(), None, None, 0, (-1, 0)
        self._seen, self.markers, self._wanted = ArrivalTimes(), Markers(), 0

    def _keep_place(self) -> None:
        """Where only matching lines are shown, the same line stays on top while lines before it are still counted."""
        version, line = self._anchor
        if self._only_hits and self._search is not None and self._search.version != version:
            self._top = LinePlace(self._search.number_before(line), self._top.part)

    def look(self) -> tuple[list[LogRow], LogStatus]:
        """The rows that are on screen now, and how things are."""
        # Read once a look: a line that grows meanwhile must not have more rows here than there.
        self._spans.clear()
        # Where the log fills the screen, so does what is shown.
        self._top = self._rows.bottom(self._height) if self._following else self._rows.moved(self._top, 0, self._height)
        places = [*self._rows.down(self._top, self._height)]
        self._find_spans(places)
        rows = [self._row(place) for place in places]
        if self._search is not None:
            self._anchor = (self._search.version, self.line_of(self._top.line))
        return rows, self._status(rows)

    def _status(self, rows: list[LogRow]) -> LogStatus:
        index, search, hit = self._content.index, self._search, self.hit
        shown = [row.here == n for row in rows for n, (at, _) in enumerate(row.marks) if row.start <= at < row.end]
        return LogStatus(
            lines=self._lines() if self._content.complete else 0,
            size=index.extent.end if index is not None else 0,
            following=self._following,
            paused_new=0 if self._following else max(0, self.count() - self._held_at),
            hit=search.position(*hit) if search is not None and hit is not None else 0,
            hits=search.marks if search is not None else 0,
            hit_lines=search.lines if search is not None else 0,
            hit_shown=shown.index(True) + 1 if True in shown else 0,
            shown=len(shown),
            searching=search.searching if search is not None else self.query is not None,
            pattern=self.query.pattern if self.query is not None else "",
            filter=self._only_hits,
            wrap=self._rows.wrap_at > 0,
            problem=self._refused or (search.problem if search is not None else ""),
            gone=index is not None and bool(self._content.problem),
        )

    # Lines, and where they stand

    def _lines(self) -> int:
        return self._content.index.extent.lines if self._content.index is not None else 0

    def count(self) -> int:
        """How many lines the view has."""
        if self._only_hits:
            return self._search.lines if self._search is not None else 0
        return self._lines()

    def line_of(self, place: int) -> int:
        """The line of the file that stands at a place of the view; -1 where there is none."""
        if not self._only_hits:
            return place
        found = self._search.line(place) if self._search is not None else None
        return found if found is not None else -1

    def _find_spans(self, places: list[LinePlace]) -> None:
        index = self._content.index
        if index is not None and places and not self._only_hits:
            first = places[0].line
            for line, span in enumerate(index.spans(first, places[-1].line + 1 - first), first):
                self._spans.setdefault(line, span)

    def _span(self, line: int) -> tuple[int, int] | None:
        index = self._content.index
        if line not in self._spans and index is not None and line >= 0:
            self._spans.update((line, span) for span in index.spans(line, 1))
        return self._spans.get(line)

    def _line(self, place: int) -> LogLine:
        """What is seen of a line of the view, in full."""
        line = self.line_of(place)
        span, index = self._span(line), self._content.index
        if span is None or index is None:
            return NOTHING
        skip = self._skip[1] if self._skip[0] == line else 0
        key = (*span, skip)
        found = self._kept.get(key)
        if found is None:
            # A line that is shown from further on is kept with all its text: one such is enough.
            if len(self._kept) >= _KEPT or skip:
                self.forget_drawn()
            longest = LONGEST_READ if skip else 4 * LONGEST
            found = self._kept[key] = self._draw(line_bytes(index, *span, longest), skip)
        return found

    def _row(self, place: LinePlace) -> LogRow:
        text = self._line(place.line)
        if place.part == MARKER:
            return LogRow(place.line, NOTHING, marker=self._marker(place.line))
        start, end = self._rows.parts(place.line)[place.part] if self._rows.wrap_at else (0, text.length)
        line = self.line_of(place.line)
        here = self.hit[1] if self.hit is not None and self.hit[0] == line else -1
        clock = self._seen.time_of(line) if not place.part else ""
        spot = line == self.spot and not place.part
        return LogRow(place.line, text, start, end, self._marks(line, text), here, clock, spot=spot)

    def _marks(self, line: int, text: LogLine) -> tuple[tuple[int, int], ...]:
        """The matches in a line, as they are drawn."""
        span = self._span(line)
        if self.query is None or span is None:
            return ()
        # An expression that has not been tried on this line could take for ever on it.
        if self.query.regex and (self._search is None or not self._search.covers(span[0])):
            return ()
        found = self._kept_marks.get(span)
        if found is None or line == self._skip[0]:
            spans = self.query.spans(text.plain, text.to_plain(text.length))
            found = tuple((text.to_drawn(first), text.to_drawn(last - 1) + 1) for first, last in spans)
            self._kept_marks[span] = found
        return found

    def _marker(self, place: int) -> str:
        if not self.markers:
            return ""
        line = self.line_of(place)
        last = line if not self._only_hits else self.line_of(place + 1) - 1 if place + 1 < self.count() else 1 << 62
        return self.markers.between(line, last)

    # Moving

    def toggle_follow(self) -> None:
        """Follow the end, or stay here."""
        self._follow(not self._following)

    def _follow(self, on: bool) -> None:
        if on != self._following:
            self._following, self._held_at = on, self.count()
        if on:
            self.spot = None

    def move(self, rows: int) -> None:
        """Rows down, or up; up ends the following, where there is an up."""
        top = self._rows.moved(self._top, rows, self._height)
        if top != self._top:
            self._follow(False)
            self._top = top

    def to_top(self) -> None:
        """To the first line."""
        self._follow(False)
        self._top = LinePlace()

    def to_end(self) -> None:
        """To the end, and on with it."""
        self._follow(True)

    def resize(self, height: int, wrap_at: int) -> None:
        """The screen has so many rows; lines longer than `wrap_at` cells are wrapped, 0 wraps nothing."""
        if wrap_at != self._rows.wrap_at:
            self._top = LinePlace(self._top.line)
        self._height, self._rows.wrap_at = height, wrap_at

    def go_to(self, line: int) -> None:
        """Go to a line by its number, from 1."""
        self.filter_mode(False)
        self.spot = max(0, min(line, self._lines()) - 1)
        self._show_line(self.spot)

    def _show_line(self, line: int, character: int = 0) -> None:
        """Bring a character of a line onto the screen, into its upper third unless it is there already."""
        self._follow(False)
        place = self._search.number_before(line) if self._only_hits and self._search is not None else line
        parts = self._rows.parts(place) if self._rows.wrap_at else ()
        part = next((n for n, (start, end) in enumerate(parts) if start <= character < end), 0)
        shown = [*self._rows.down(self._top, self._height)]
        if LinePlace(place, part) not in (shown[1:-1] if self._height > 2 else shown):
            self._top = self._rows.moved(LinePlace(place, part), -(self._height // 3), self._height)

    def add_marker(self) -> None:
        """Draw a line under the newest line, in this view only."""
        if self._lines():
            self.markers.add(self._lines() - 1)

    # Searching

    def search(self, pattern: str, regex: bool = False) -> None:
        """Look for a text or a regular expression, from what is on screen on; "" ends it."""
        self._refused = ""
        try:
            query = Query(pattern, regex) if pattern else None
        except BadPattern as error:
            query, self._refused = None, str(error)
        if query == self.query:
            return
        self._stop_search()
        self._kept_marks.clear()
        self._skip = (-1, 0)
        self.query, self.hit = query, None
        self._wanted = 1 if query is not None else 0
        if query is None:
            self.filter_mode(False)
        self.take()

    def _stop_search(self) -> None:
        if self._search is not None:
            self._search.stop()
        self._search = None

    def next_hit(self, step: int) -> None:
        """Go to the next match, or the one before; behind the last one comes the first."""
        self._wanted = step
        self._seek()

    def _seek(self) -> None:
        """Go to the match that is wanted, if it is counted by now; else it is wanted still."""
        search = self._search
        if not self._wanted or search is None:
            return
        if self.hit is None:
            found = search.next(self.line_of(self._top.line), -1, 1) or search.last()
        else:
            found = search.next(*self.hit, self._wanted)
        if found is None and not search.searching:
            found = search.first() if self._wanted > 0 else search.last()
        if found is not None:
            self._go_to_hit(search, found)
        if found is not None or not search.searching:
            self._wanted = 0

    def _go_to_hit(self, search: Search, hit: Hit) -> None:
        line, mark = hit
        self.hit, self.spot = hit, None
        first, _ = search.spans(line)[mark]
        # A match behind what is drawn of a long line: its beginning is left out.
        self._skip = (line, first - _BEFORE_HIT) if first > LONGEST - 2 * _BEFORE_HIT else (-1, 0)
        self._show_line(line, self._line(self.here or 0).to_drawn(first))

    def filter_mode(self, on: bool) -> None:
        """Show only lines that match, or all again; what stands at the top stays there."""
        if on == self._only_hits or (on and self.query is None):
            return
        line = max(0, self.line_of(self._top.line))
        self._only_hits = on
        self._top = LinePlace(self._search.number_before(line) if on and self._search is not None else line)
        self._held_at = self.count()
        if on:
            self._anchor = (-1, line)

    # Taking out

    def copied(self, place: int) -> str:
        """The text of a line of the view as it is in the file, without colours and control characters."""
        index, span = self._content.index, self._span(self.line_of(place))
        return plain(line_bytes(index, *span)) if index is not None and span is not None else ""

    def copied_between(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        """The text from one drawn character, (place, character), up to another."""
        start = self._line(first[0]).to_plain(first[1])
        end = self._line(last[0]).to_plain(last[1])
        lines = None if self._only_hits else copied_lines(self._content.index, first[0], last[0])
        if lines is None:
            lines = [self.copied(place) for place in range(first[0], min(last[0] + 1, self.count(), first[0] + _KEPT))]
        if lines and first[0] + len(lines) == last[0] + 1:
            lines[-1] = lines[-1][:end]
        return "\n".join(lines)[start:]

    def sentence(self) -> str:
        """What is said where there is no line."""
        if self._only_hits:
            return "Searching." if self._search is None or self._search.searching else "No line matches."
        return self._content.problem or self.why_empty
