"""The progress bar that a program printed (tqdm, and what is built on it), drawn as evaldock draws bars. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..glyphs import Glyphs

_BAR = re.compile(r"(?P<percent>\d{1,3})%\s?\|(?P<bar>[█▉▊▋▌▍▎▏#0-9 .=>-]{2,400})\|")
_COUNT = re.compile(r"\s*([\d.]{1,12})([kMGTP]?)(?:i?B)?/([\d.]{1,12})([kMGTP]?)")
_UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class PrintedBar:
    """A bar in a text: the characters that it takes, all of them one cell wide, and how much is done (0..1)."""

    start: int
    end: int
    share: float


def find_bar(text: str) -> PrintedBar | None:
    """The first bar of a line; None when there is none."""
    if "%|" not in text and "% |" not in text:
        return None
    match = _BAR.search(text)
    if match is None:
        return None
    share = int(match["percent"]) / 100
    # The counts behind it are exact where the percentage is rounded.
    count = _COUNT.match(text, match.end())
    if count is not None:
        done, total = _number(count[1], count[2]), _number(count[3], count[4])
        share = done / total if total > 0 else share
    return PrintedBar(match.start("bar"), match.end("bar"), max(0.0, min(1.0, share)))


def _number(digits: str, unit: str) -> float:
    try:
        return float(digits) * _UNITS[unit]
    except ValueError:
        return 0.0


def fitted(bar: PrintedBar, others: int, room: int) -> int:
    """Cells to draw a bar in: up to 60 where a line with `others` cells beside the bar has room for them, since a bar
    that is printed into a file has ten; never fewer than were printed, unless it would then not fit."""
    printed = bar.end - bar.start
    free = room - others
    return max(min(max(_WIDEST, printed), free), min(printed, 10))


def bar_cells(share: float, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """The part done and the part to come, in half steps."""
    halves = min(2 * width, round(share * 2 * width))
    done = glyphs.bar_full * (halves // 2) + glyphs.bar_half * (halves % 2)
    return done, glyphs.bar_rest * (width - len(done))
