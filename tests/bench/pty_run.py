"""Runs a program on a pty of its own, reads all that it draws, and returns the figures that it leaves."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pexpect


def on_pty(command: Sequence[str], *, size: tuple[int, int] = (120, 36), patience: float = 120) -> dict[str, Any]:
    """Run `command` (columns, rows) to its end; it writes JSON to the file that $BENCH_REPORT names."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "figures.json"
        env = {**os.environ, "BENCH_REPORT": str(report), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        env.pop("NO_COLOR", None)
        child = pexpect.spawn(
            command[0], list(command[1:]), env=env, dimensions=(size[1], size[0]), timeout=patience, maxread=1 << 16
        )
        child.expect(pexpect.EOF)
        child.wait()
        if not report.is_file():
            raise RuntimeError(f"{' '.join(command)} left no figures: {child.before!r}"[:2000])
        return json.loads(report.read_text())
