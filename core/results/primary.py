"""Which of a job's many figures is the one shown for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .merge import Found

# In order of preference; a figure matches by its own name, or by a name that starts or ends with one of these.
# Strict before loose, whole prompts before single instructions, exact before approximate.
PREFERRED = (
    "prompt_level_strict_acc",
    "strict_prompt_level",
    "pass_1",
    "accuracy",
    "acc",
    "exact_match_flexible_extract",
    "exact_match",
    "score",
    "micro",
    "macro",
    "f1",
    "overall",
    "acc_norm",
    "mean",
)


def is_usual(label: str) -> bool:
    """Whether a name is that of a figure in many harnesses."""
    return _plain(label) in PREFERRED


def named(figures: Sequence[Found], wanted: str) -> Found | None:
    """The figure called `wanted`: by its whole name, else by its own name, else by the end of its name (shortest)."""
    key = _plain(wanted)
    for matches in (
        [found for found in figures if _plain(found.metric.name) == key],
        [found for found in figures if _plain(found.label) == key],
        [found for found in figures if _plain(found.metric.name).endswith(f"_{key}")],
    ):
        if matches:
            return min(matches, key=lambda found: len(found.metric.name))
    return None


def preferred(figures: Sequence[Found], task: str) -> Found | None:
    """The figure to show when nothing says which; None only when there is none.

    The whole task comes first: what is called like the task, then what is named after it, then anything else; outer
    groups before inner ones, and a group before the many tasks it sums up. Within that, the order of PREFERRED, then
    the order in the file.
    """
    short = _plain(task.rsplit(".", 1)[-1])
    many_tasks = len({found.owner for found in figures if not found.is_group}) > 1

    def rank(found: Found) -> tuple[int, ...]:
        outer = _plain(found.owner[0]) if found.owner else short
        related = outer.startswith(f"{short}_") or short.startswith(f"{outer}_")
        closeness = 0 if outer == short else 1 if related else 2
        single = int(many_tasks and not found.is_group)
        return (closeness, len(found.owner), single, len(outer) if related else 0, *_preference(found.label))

    return min(figures, key=rank, default=None)


def headline(figures: Sequence[Found], task: str) -> Found | None:
    """As `preferred`, but a figure with samples behind it before one of the same task or group of which nothing says
    what it counts."""
    found = preferred(figures, task)
    if found is None or found.metric.evidence or found.metric.n is not None:
        return found
    better = [other for other in figures if other.owner == found.owner and other.metric.evidence]
    return preferred(better, task) or found


def _preference(label: str) -> tuple[int, int]:
    plain = _plain(label)
    if plain in PREFERRED:
        return PREFERRED.index(plain), 0
    for place, name in enumerate(PREFERRED):
        if plain.startswith(f"{name}_") or plain.endswith(f"_{name}"):
            return place, 1
    return len(PREFERRED), 0


def _plain(name: str) -> str:
    """Lower case, with every run of other characters as one underscore: "strict:prompt-level" and "pass@1" too."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
