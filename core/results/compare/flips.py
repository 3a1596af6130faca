"""The texts of the samples that scored otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..apart import ReadingFailed, read_apart
from ..samples.model import Texts
from .model import Difference, Flip
from .reading import texts_behind
from .side import Side


@dataclass(frozen=True)
class Answers:
    """One flipped sample with both answers."""

    flip: Flip
    before: Texts
    after: Texts


def answers(row: Difference, before: Side, after: Side, most: int = 50) -> tuple[Answers, ...]:
    """At most `most` flips of a difference, those that broke first."""
    ordered = sorted(row.flips, key=lambda flip: flip.after - flip.before, reverse=row.direction == "lower")
    chosen = ordered[:most]
    wanted = tuple(flip.item for flip in chosen)
    first, second = _texts(before, wanted), _texts(after, wanted)
    empty = Texts()
    return tuple(Answers(flip, first.get(flip.item, empty), second.get(flip.item, empty)) for flip in chosen)


def _texts(side: Side, wanted: Collection[str]) -> Mapping[str, Texts]:
    if side.evidence is None or not wanted:
        return {}
    try:
        return read_apart(texts_behind, side.artifacts, side.spec.measure, side.evidence.label, wanted)
    except ReadingFailed:
        return {}
