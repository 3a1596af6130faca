"""A comparison as one HTML page that needs nothing else: a forest plot, and the flipped samples with both answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from ...base.narrow import Json
from ...base.sanitize import json_text
from .flips import answers
from .matrix import Matrix
from .model import Difference
from .side import Side
from .words import differently

_TEMPLATE = "page.html"
_PLACE = "/*COMPARISON*/null"
_TEXT = 8_000
_FLIPS = 200


@dataclass(frozen=True)
class Section:
    """Two runs, and what differs."""

    before: str
    after: str
    rows: Sequence[Difference]
    sides_before: Mapping[str, Side]
    sides_after: Mapping[str, Side]


def render_page(sections: Sequence[Section], matrix: Matrix | None = None) -> str:
    """The page. It holds at most 200 flips of a task; `matrix` goes before the sections."""
    template = files(__package__ or "").joinpath(_TEMPLATE).read_text("utf-8")
    tree: Json = {"matrix": _matrix(matrix), "sections": [_section(section) for section in sections]}
    data = json_text(tree, separators=(",", ":"))
    # Inside a script element only these can end it or open a comment in it; U+2028 and U+2029 end a line.
    for character in "<>&\u2028\u2029":
        data = data.replace(character, f"\\u{ord(character):04x}")
    return template.replace(_PLACE, data, 1)


def _matrix(matrix: Matrix | None) -> Json | None:
    if matrix is None:
        return None
    lines = [
        [task, [[one.words, one.verdict.value if one.verdict else ""] for one in ones]] for task, ones in matrix.lines
    ]
    return {"runs": list(matrix.runs), "lines": lines}


def _section(section: Section) -> Json:
    return {"before": section.before, "after": section.after, "rows": [_row(section, row) for row in section.rows]}


def _row(section: Section, row: Difference) -> Json:
    found = answers(row, section.sides_before[row.task], section.sides_after[row.task], _FLIPS)
    flips = [
        {
            "item": one.flip.item,
            "from": one.flip.before,
            "to": one.flip.after,
            "prompt": (one.before.prompt or one.after.prompt)[:_TEXT],
            "reference": (one.before.reference or one.after.reference)[:_TEXT],
            "before": one.before.answer[:_TEXT],
            "after": one.after.answer[:_TEXT],
            "known_before": one.pair_before.words if one.pair_before else "",
            "known_after": one.pair_after.words if one.pair_after else "",
        }
        for one in found
    ]
    return {**row.to_json(), "flips": flips, "flipped": len(row.flips), "differently": differently(row)}
