"""Turns every error a user can meet into a sentence on stderr and an exit code; never a traceback."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from ...core.base import errors
from ...core.base.errors import EvaldockError, ExitCode


class UsageProblem(EvaldockError):
    """Something the user asked for that cannot be done; the message is a sentence with a remedy."""

    exit_code = ExitCode.USAGE


class Failure(EvaldockError):
    """A valid command that failed."""


def explain(error: BaseException) -> tuple[str, ExitCode] | None:
    """Sentence and exit code for an error that users can meet; None for a bug in evaldock."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "Interrupted.", ExitCode.INTERRUPTED
    return errors.explain(error)


def report(error: BaseException) -> ExitCode:
    """Writes the sentence for `error` to stderr and returns the exit code; a bug is told as one."""
    if isinstance(error, BrokenPipeError):
        silence(sys.stdout)
        return ExitCode.OK
    explained = explain(error)
    if explained is None:
        shown = f"{type(error).__name__}: {error}".rstrip(": ")
        message = f"Unexpected error in evaldock itself: {shown}. Set EVALDOCK_DEBUG=1 to see where."
        code = ExitCode.FAILED
    else:
        message, code = explained
    if os.environ.get("EVALDOCK_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    from ...core.base.sanitize import clean

    # The terminal itself may have gone; the exit code is then all there is.
    with contextlib.suppress(OSError):
        for line in clean(message).splitlines():
            click.echo(f"evaldock: {line}", err=True)
    return code


def silence(stream: object) -> None:
    """Sends what is still to be written to a stream whose reader has gone to nowhere.

    Without it, the interpreter complains about the broken pipe when it flushes at exit.
    """
    fileno = getattr(stream, "fileno", None)
    if fileno is None:
        return
    try:
        descriptor = int(fileno())
    except (OSError, ValueError):
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
