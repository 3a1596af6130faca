"""Exit codes for the states of jobs; those of errors stand with their classes, see core/base/errors.py."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.base.errors import ExitCode as ExitCode

BAD_STATES = frozenset({"failed", "killed", "lost", "skipped"})
"""Terminal states that are not a success, as their words in `status --json`."""

TERMINAL_STATES = BAD_STATES | {"succeeded"}


def of_finished(states: Iterable[str]) -> ExitCode:
    """The code of a run that has ended: OK only when every job succeeded."""
    return ExitCode.OK if all(state == "succeeded" for state in states) else ExitCode.FAILED


def of_snapshot(states: Iterable[str]) -> ExitCode:
    """The code of a look at a run: OK while nothing has gone wrong, whether or not it has ended."""
    return ExitCode.FAILED if any(state in BAD_STATES for state in states) else ExitCode.OK
