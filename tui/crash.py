"""What a defect of the dashboard leaves behind: a file for a bug report, and no clutter on the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..core.base.atomic import write_atomic
from ..core.run.pointers import make_dirs, state_dir
from ..core.run.store import Run


@dataclass(frozen=True)
class Crash:
    """`file` has the details, None when it could not be written; `run` was on screen, None on the list of runs."""

    file: Path | None
    run: Run | None


def write_crash(error: BaseException, env: Mapping[str, str]) -> Path | None:
    """Write what went wrong to a file of its own in the state directory, mode 0600; None when that cannot be done.

    It holds versions and the traceback, but no values of variables: those may hold prompts, answers or keys.
    """
    at = datetime.now(UTC)
    folder = state_dir(env) / "crashes"
    path = folder / f"{at:%Y%m%dT%H%M%S.%f}.txt"
    python = ".".join(map(str, sys.version_info[:3]))
    about = f"evaldock {_version('evaldock')}, textual {_version('textual')}, Python {python}, TERM {env.get('TERM')}"
    lines = [f"{at.isoformat()}  {about}\n", *traceback.format_exception(error)]
    with contextlib.suppress(OSError):
        make_dirs(folder)
        write_atomic(path, "".join(lines).encode("utf-8", "backslashreplace"), mode=0o600)
        _forget_old(folder)
        return path
    return None


def _forget_old(folder: Path, keep: int = 20) -> None:
    for path in sorted(folder.glob("*.txt"))[:-keep]:
        os.unlink(path)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"
