"""How the dashboard was left."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.run.store import Run


@dataclass(frozen=True)
class Left:
    """`run` is the one that was on screen, None when it was the list of runs."""

    run: Run | None = None
