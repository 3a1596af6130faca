"""The exit codes of every command, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a shell or a CI job can tell from evaldock's exit code."""

    OK = 0
    FAILED = 1
    USAGE = 2
    DOCKER = 3
    INTERRUPTED = 130


BAD_STATES = frozenset({"failed", "killed", "lost", "skipped"})
"""Terminal states that are not a success, as their words in `status --json`."""

TERMINAL_STATES = BAD_STATES | {"succeeded"}


def of_finished(states: Iterable[str]) -> ExitCode:
    """The code of a run that has ended: OK only when every job succeeded."""
    return ExitCode.OK if all(state == "succeeded" for state in states) else ExitCode.FAILED


def of_snapshot(states: Iterable[str]) -> ExitCode:
    """The code of a look at a run: OK while nothing has gone wrong, whether or not it has ended."""
    return ExitCode.FAILED if any(state in BAD_STATES for state in states) else ExitCode.OK
