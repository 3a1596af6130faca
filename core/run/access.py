"""Whether this process may change a run: `--read-only`, EVALDOCK_READ_ONLY, and whose directory the run is in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..base.errors import EvaldockError, ExitCode
from ..base.owner import Exposed, exposed

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


def refuse_foreign(root: Path) -> None:
    """Raise RequestRefused for a run that another user made or could replace: what it says would run as this user."""
    found = exposed(root)
    if found is not None:
        other = "copy the run to a directory of yours if you trust what it holds"
        raise RequestRefused(f"{why_exposed(found, root)} {_way_out(found, other)}")


def why_exposed(found: Exposed, what: Path) -> str:
    """The sentence that tells how others could replace the directory `what`."""
    return f"{found.folder} {found.why}, who could replace {what} and so run commands as you."


def way_out(found: Exposed) -> str:
    """The sentence that tells what to do about an `output_dir` that others could replace."""
    return _way_out(found, "choose another place with -o execution.output_dir=DIR")


def _way_out(found: Exposed, other: str) -> str:
    return f"Run {found.remedy}, or {other}." if found.remedy else f"{other[0].upper()}{other[1:]}."
