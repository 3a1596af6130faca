"""How a command that runs something is to show it: in the dashboard, in lines, as JSON, or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Face:
    """`dashboard` excludes the others; `detach` starts and returns; `as_json` makes stdout JSON."""

    dashboard: bool = False
    as_json: bool = False
    detach: bool = False

    @property
    def here(self) -> bool:
        """Whether this process drives the run itself, and needs an executor for that."""
        return not (self.dashboard or self.detach)


def face_for(*, no_tui: bool, as_json: bool, detach: bool) -> Face:
    """The face for these options of a command, on this terminal."""
    return Face(not (no_tui or as_json or detach) and can_show(), as_json, detach)


def can_show(env: Mapping[str, str] | None = None) -> bool:
    """Whether there is a person at a terminal that can draw: not a pipe, not a CI job."""
    env = os.environ if env is None else env
    if env.get("TERM", "") in ("", "dumb") or env.get("CI", "").lower() not in ("", "0", "false"):
        return False
    # The dashboard is drawn on stderr, so that stdout stays data.
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
