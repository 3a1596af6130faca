"""What others report for a task: `0.72`, `72% +-3`, `0.72 +-0.03, https://source`."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,12})?"
_WRITTEN = re.compile(
    rf"(?P<value>-?{_NUMBER}) ?(?P<percent>%)?"
    rf"(?: ?(?:\+-|\+/-|±) ?(?P<margin>{_NUMBER}) ?(?P<unit>%|pp)?)?"
    r"(?: ?, ?(?P<source>[^\n]{1,500}))?"
)
EXPECTED_FORM = "a score such as 0.72, 72% or 0.72 +-0.03, https://..."


@dataclass(frozen=True)
class Expected:
    """A score from outside, in the unit of the figure (shares as fractions), and half the width of its 95 % interval,
    None where that is not known. `source` says where it is from, "" for nowhere."""

    value: float
    margin: float | None = None
    source: str = ""


def parse_expected(text: str) -> Expected | None:
    """What `text` says; None when it is of another form."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    percent = match["percent"] is not None
    value, margin = float(match["value"]), match["margin"]
    scale = 100 if match["unit"] or percent else 1
    return Expected(
        value / 100 if percent else value,
        None if margin is None else float(margin) / scale,
        (match["source"] or "").strip(),
    )
