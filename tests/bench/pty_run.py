"""Runs a program on a pty of its own, reads all that it draws, and returns the figures that it leaves."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect


def on_pty(
    command: Sequence[str],
    *,
    size: tuple[int, int] = (120, 36),
    patience: float = 120,
    env: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run `command` on so many columns and rows to its end; it writes JSON to the file that $BENCH_REPORT names.

    `env` is added to this process's environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        terminal = {"BENCH_REPORT": str(report), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        whole = {**os.environ, **terminal, **(env or {})}
        whole.pop("NO_COLOR", None)
        child = pexpect.spawn(
            command[0], list(command[1:]), env=whole, dimensions=(size[1], size[0]), timeout=patience, maxread=1 << 16
        )
        child.expect(pexpect.EOF)
        child.wait()
        if not report.is_file():
            raise RuntimeError(f"{' '.join(command)} left no figures: {child.before!r}"[:2000])
        return json.loads(report.read_text())
