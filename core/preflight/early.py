"""The look at the endpoint that every run begins with: what is certain to fail is refused before anything is made."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from threading import Thread

from ..plan.spec import Plan
from .endpoint import early_checks
from .model import Check
from .targets import Target, targets_of

QUICK = 1.0
"""Seconds that a run waits for its endpoint to say what is wrong with it."""


class EarlyLook:
    """A look at the endpoints of a run that is about to start, on threads beside what else has to be done."""

    def __init__(self, plan: Plan, env: Mapping[str, str]) -> None:
        self._ends = time.monotonic() + QUICK
        self._found: list[list[Check]] = []
        self._threads: list[Thread] = []
        for target in targets_of(plan, env):
            checks: list[Check] = []
            self._found.append(checks)
            self._threads.append(Thread(target=_look, args=(target, checks), daemon=True, name="early look"))
            self._threads[-1].start()

    def failures(self) -> Sequence[Check]:
        """What makes every request fail for certain. Waits for the rest of the second; slowness is no failure."""
        for thread in self._threads:
            thread.join(max(0.0, self._ends - time.monotonic()))
        found = [check for checks in self._found for check in list(checks)]
        return list(dict.fromkeys(found))


def _look(target: Target, checks: list[Check]) -> None:
    checks.extend(early_checks(target, QUICK))
