"""Finding tasks by a few letters of their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from .model import TaskSpec
from .prefer import normal

_EXACT, _PREFIX, _WORD, _INSIDE, _SCATTERED, _NEAR = range(6)
_MARKS = "*?["


def search(tasks: Iterable[TaskSpec], words: Sequence[str]) -> list[TaskSpec]:
    """Those of `tasks` whose names fit all `words`, best first; all in their order when there are no words.

    A word with `*`, `?` or `[` is a pattern for the name or for `harness.name`. Any other is a part of it; only when no
    task has that are letters enough that stand in this order (`gsmi` for gsm8k_cot_instruct), and then names that are
    spelled nearly so. Case, `-` and `_` do not matter.
    """
    wanted = [normal(word) for word in words if word.strip()]
    pool = list(tasks)
    if not wanted:
        return pool
    for allowed in (_INSIDE, _SCATTERED, _NEAR):
        ranked = [
            (max(ranks), position) for position, task in enumerate(pool) if (ranks := _ranks(task, wanted, allowed))
        ]
        if ranked:
            return [pool[position] for _, position in sorted(ranked)]
    return []


def _ranks(task: TaskSpec, words: Sequence[str], allowed: int) -> list[int]:
    """How well each word fits; empty when one fits worse than allowed."""
    name, full = normal(task.name), normal(task.full_name)
    ranks: list[int] = []
    for word in words:
        rank = _rank(word, name, full, allowed)
        if rank is None:
            return []
        ranks.append(rank)
    return ranks


def _rank(word: str, name: str, full: str, allowed: int) -> int | None:
    if any(mark in word for mark in _MARKS):
        return _INSIDE if fnmatchcase(name, word) or fnmatchcase(full, word) else None
    if word in (name, full):
        return _EXACT
    if name.startswith(word) or full.startswith(word):
        return _PREFIX
    if word in full:
        return _WORD if f"_{word}" in name else _INSIDE
    if allowed >= _SCATTERED and _scattered(word, name):
        return _SCATTERED
    return _NEAR if allowed >= _NEAR and _near(word, name) else None


def _scattered(word: str, name: str) -> bool:
    """Whether the letters of `word` stand in `name` in this order, the first one at the start of a word of it."""
    starts = [0, *(at + 1 for at, letter in enumerate(name) if letter == "_")]
    for start in starts:
        rest = iter(name[start:])
        if name[start : start + 1] == word[:1] and all(letter in rest for letter in word):
            return True
    return False


def _near(word: str, name: str) -> bool:
    from difflib import SequenceMatcher

    if len(word) < 4:
        return False
    parts = [name, *name.split("_")]
    return any(SequenceMatcher(None, word, part).ratio() >= 0.75 for part in parts)
