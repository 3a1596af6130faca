"""What two runs answered to the same prompts, as the proxy wrote it down: known of any image."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from .side import Side


@dataclass(frozen=True)
class Answered:
    """`asked` prompts have answers in both runs; `changed` are the hashes of those with other answers."""

    asked: int
    changed: tuple[str, ...]


def answered(before: Side, after: Side) -> Answered | None:
    """None when they have no prompt with a written answer in common."""
    if before.pairs is None or after.pairs is None:
        return None
    one, other = before.pairs.answers(), after.pairs.answers()
    shared = [prompt for prompt in one if prompt in other]
    return Answered(len(shared), tuple(p for p in shared if _differ(one[p], other[p]))) if shared else None


def _differ(one: Counter[str], other: Counter[str]) -> bool:
    """Whether the answers are others; a run that asked more often may have some more."""
    few, many = (one, other) if one.total() <= other.total() else (other, one)
    return bool(few - many)
