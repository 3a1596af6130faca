"""The texts of the samples that scored otherwise, and what the proxy knows of their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..apart import ReadingFailed, read_apart
from ..samples.model import Texts
from ..samples.pairs import Flag, Pair, read_texts
from .model import Difference, Flip
from .reading import texts_behind
from .side import Side

_LOST = (Flag.CUT, Flag.EMPTY, Flag.THOUGHT, Flag.REFUSED, Flag.UNANSWERED)
_MOST_LOST = 20_000


@dataclass(frozen=True)
class Answers:
    """One flipped sample with both answers, and what the proxy knows of them."""

    flip: Flip
    before: Texts
    after: Texts
    pair_before: Pair | None = None
    pair_after: Pair | None = None


def answers(row: Difference, before: Side, after: Side, most: int = 50) -> tuple[Answers, ...]:
    """At most `most` flips of a difference, those that broke first. Without scores: answers that are not the same."""
    ordered = sorted(row.flips, key=lambda flip: flip.change, reverse=row.direction == "lower")
    chosen = ordered[:most]
    if chosen and chosen[0].before is None:
        return _changed(chosen, before, after)
    wanted = tuple(flip.item for flip in chosen)
    first, second = _texts(before, wanted), _texts(after, wanted)
    empty = Texts()
    found = ((flip, first.get(flip.item, empty), second.get(flip.item, empty)) for flip in chosen)
    return tuple(Answers(flip, one, other, _pair(before, one), _pair(after, other)) for flip, one, other in found)


def lost(row: Difference, before: Side, after: Side) -> str:
    """`of the 12 that broke, in bbbb: 6 cut, 2 reasoning only`: what the proxy knows of them; "" for nothing."""
    pairs = after.pairs
    marks = set(_LOST)
    if pairs is None or not any(marks & set(pair.flags) for each in pairs.by_prompt.values() for pair in each):
        return ""
    down = -1 if row.direction == "lower" else 1
    broke = tuple(flip.item for flip in row.flips if flip.change * down < 0)[:_MOST_LOST]
    found = (_pair(after, texts) for texts in _texts(after, broke).values())
    counted = Counter(flag for pair in found if pair is not None for flag in pair.flags if flag in marks)
    if not counted:
        return ""
    said = ", ".join(f"{counted[flag]:,} {flag.value}" for flag in _LOST if counted[flag])
    return f"of the {len(broke):,} that broke, in {after.run}: {said}"


def _pair(side: Side, texts: Texts) -> Pair | None:
    return side.pairs.of(texts) if side.pairs is not None else None


def _changed(flips: Collection[Flip], before: Side, after: Side) -> tuple[Answers, ...]:
    """Of prompts that were answered otherwise: both pairs, with their texts."""
    one, other = ([_first(side, flip.item) for flip in flips] for side in (before, after))
    first, second = _logged(before, one), _logged(after, other)
    return tuple(
        Answers(flip, first.get(a.number, Texts()), second.get(b.number, Texts()), a, b)
        for flip, a, b in zip(flips, one, other, strict=True)
        if a is not None and b is not None
    )


def _first(side: Side, prompt: str) -> Pair | None:
    found = side.pairs.by_prompt.get(prompt, ()) if side.pairs is not None else ()
    return next((pair for pair in found if pair.told), None)


def _logged(side: Side, pairs: Collection[Pair | None]) -> Mapping[int, Texts]:
    try:
        return read_apart(read_texts, side.folder, tuple(pair.number for pair in pairs if pair is not None))
    except ReadingFailed:
        return {}


def _texts(side: Side, wanted: Collection[str]) -> Mapping[str, Texts]:
    if side.evidence is None or not wanted:
        return {}
    try:
        return read_apart(texts_behind, side.artifacts, side.spec.measure, side.evidence.label, wanted)
    except ReadingFailed:
        return {}
