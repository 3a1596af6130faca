"""The root of evaldock's errors, and what an error means to a user: a sentence and an exit code."""

from __future__ import annotations

import errno
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a shell or a CI job can tell from evaldock's exit code.

    `gate` answers with OK (GO), FAILED (NO-GO) or INCONCLUSIVE, so what is wrong with its usage has a code of its own.
    """

    OK = 0
    FAILED = 1
    USAGE = 2
    INCONCLUSIVE = 2
    DOCKER = 3
    GATE_USAGE = 64
    INTERRUPTED = 130


class EvaldockError(Exception):
    """The root of every error that evaldock raises itself; the message is a sentence for the user.

    `exit_code` is what a command ends with that meets the error.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED


class NotStarted(EvaldockError):
    """A run that would fail for certain: variables that are not set, or an endpoint that refuses every request.

    The message is one line for each reason.
    """


def explain(error: BaseException) -> tuple[str, ExitCode] | None:
    """Sentence and exit code for an error that users can meet; None for a bug in evaldock."""
    if isinstance(error, EvaldockError):
        return (str(error), error.exit_code) if str(error) else None
    return _explain_os(error) if isinstance(error, OSError) else None


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
