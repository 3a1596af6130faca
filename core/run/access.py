"""Whether this process may change anything: `--read-only` and EVALDOCK_READ_ONLY."""

from __future__ import annotations

import os
from collections.abc import Mapping

from ..base.errors import EvaldockError, ExitCode

READ_ONLY = "EVALDOCK_READ_ONLY"
"""A face that is told `--read-only` sets this variable first of all, so that everything below it and every program
that it starts refuses too."""


class RequestRefused(EvaldockError):
    """Something that may not be asked, makes no sense or could not be left; the message is a sentence for the user."""

    exit_code = ExitCode.USAGE


def read_only(env: Mapping[str, str] | None = None) -> bool:
    """Whether `env` (default: this process's) forbids changes."""
    value = (os.environ if env is None else env).get(READ_ONLY, "")
    return value.strip().lower() not in ("", "0", "false", "no", "off")


def refuse_when_read_only(env: Mapping[str, str] | None = None) -> None:
    """Raise RequestRefused when changes are forbidden."""
    if read_only(env):
        raise RequestRefused(
            f"evaldock is read-only here, so nothing was changed. Leave out --read-only and unset {READ_ONLY} to "
            "change runs."
        )
