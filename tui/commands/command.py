"""One command: what it does, and what the footer calls it at this moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..actions import BY_ID


@dataclass(frozen=True)
class Command:
    """`label` is "" while the command makes no sense; `why_not` says why to somebody who asks for it all the same."""

    do: Callable[[], None]
    label: Callable[[], str]
    why_not: Callable[[], str] = lambda: ""


Commands = dict[str, Command]
"""Action id -> command."""


def always(action: str, do: Callable[[], None], label: str = "") -> Command:
    """A command that is possible at any time, under its usual name."""
    name = label or BY_ID[action].label
    return Command(do, lambda: name)


def when(
    action: str, do: Callable[[], None], possible: Callable[[], bool], *, label: str = "", why_not: str = ""
) -> Command:
    """A command that is possible while `possible()` holds."""
    name = label or BY_ID[action].label
    return Command(do, lambda: name if possible() else "", lambda: why_not)
