"""What the log pane shows at one moment: the rows on screen, and how the log is being looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .log_line import LogLine


@dataclass(frozen=True)
class LogStatus:
    """How the log is being looked at.

    `lines` is 0 until they are counted. `paused_new` lines came while the log was held. `hit` is the current match of
    `hits` in the log, `hit_shown` of `shown` on the screen; they count from 1, 0 is none. `hit_lines` lines match.
    `problem` is a sentence about the search, "" mostly. `gone` says that the file was removed; it can be read on.
    """

    lines: int = 0
    size: int = 0
    following: bool = True
    paused_new: int = 0
    hit: int = 0
    hits: int = 0
    hit_lines: int = 0
    hit_shown: int = 0
    shown: int = 0
    searching: bool = False
    pattern: str = ""
    filter: bool = False
    wrap: bool = False
    problem: str = ""
    gone: bool = False

    @property
    def without_counts(self) -> LogStatus:
        """What of it is more than a number that grows by itself."""
        return replace(self, lines=0, size=0, paused_new=0, hit=0, hits=0, hit_lines=0, hit_shown=0, shown=0)


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the screen: characters `start` to `end` of a line. `marks` are the matches in the line, as drawn; `here`
    is the current one, -1 if it is elsewhere. `clock` is when the line came; `marker` the text of a marker row; `spot`
    says that the line was gone to."""

    place: int
    text: LogLine
    start: int = 0
    end: int = 0
    marks: tuple[tuple[int, int], ...] = ()
    here: int = -1
    clock: str = ""
    marker: str = ""
    spot: bool = False
