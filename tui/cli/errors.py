"""Turns every error a user can meet into a sentence on stderr and an exit code; never a traceback."""

from __future__ import annotations

import contextlib
import errno
import os
import sys

import click

from .exit_codes import ExitCode


class UsageProblem(Exception):
    """Something the user asked for that cannot be done; the message is a sentence with a remedy."""


class Failure(Exception):
    """A command that could not do its work although it was asked rightly (exit 1)."""


def explain(error: BaseException) -> tuple[str, ExitCode] | None:
    """Sentence and exit code for an error that users can meet; None for a bug in evaldock."""
    if isinstance(error, UsageProblem):
        return str(error), ExitCode.USAGE
    if isinstance(error, Failure):
        return str(error), ExitCode.FAILED
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return "Interrupted.", ExitCode.INTERRUPTED
    return _explain_core(error) or (_explain_os(error) if isinstance(error, OSError) else None)


def _explain_core(error: BaseException) -> tuple[str, ExitCode] | None:
    # Imported only once something went wrong, so that no command pays for them on its way.
    from ...core.catalog.model import CatalogError
    from ...core.config.model import ConfigError
    from ...core.engine.executor import EngineBusy, ExecutorUnavailable
    from ...core.engine.start import EngineStartError
    from ...core.proxy.process import ProxyStartError
    from ...core.run.index import AmbiguousId, NotFound
    from ...core.run.layout import CreateError
    from ...core.run.requests import RequestRefused
    from ...core.run.store import RunDamaged

    if isinstance(error, ConfigError | CatalogError | CreateError | NotFound | AmbiguousId | RequestRefused):
        return str(error), ExitCode.USAGE
    if isinstance(error, ExecutorUnavailable):
        return str(error), ExitCode.DOCKER
    if isinstance(error, EngineStartError | ProxyStartError | RunDamaged):
        return str(error), ExitCode.FAILED
    if isinstance(error, EngineBusy):
        return f"{error} Watch it: evaldock status", ExitCode.FAILED
    return None


def _explain_os(error: OSError) -> tuple[str, ExitCode] | None:
    where = f" ({error.filename})" if error.filename else ""
    if isinstance(error, PermissionError):
        return f"Permission denied{where}. Check who owns it, or choose another output_dir.", ExitCode.USAGE
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{where}. Free some space, then start again.", ExitCode.FAILED
    if error.errno == errno.EROFS:
        return f"The file system is read-only{where}. Choose another output_dir.", ExitCode.USAGE
    if error.filename:
        return f"{error.strerror or type(error).__name__}{where}.", ExitCode.FAILED
    return None


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
