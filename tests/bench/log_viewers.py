"""Other programs that show a log, and ours, seen from outside: on a pty, from their start."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect

from .dashboard_log import flood

_ENOUGH = 60.0
_SECONDS = 5.0
_TICKS = os.sysconf("SC_CLK_TCK")


def compared(large: Path, small: Path, toolong: Path | None) -> list[tuple[str, str, str]]:
    """How long each takes from its start to the end of a large log, what it then weighs, and its CPU under a flood."""
    viewers = {
        "log pane": (sys.executable, "-m", "tests.bench.dashboard_log", "show"),
        "less +F": (shutil.which("less") or "", "+F"),
        "toolong": (str(toolong or ""),),
    }
    found: list[tuple[str, str, str]] = []
    for name, command in viewers.items():
        if command[0]:
            seconds, weight = _opened([*command, str(large)])
            found.append((f"{name}: start to the end of 1 GB", f"{seconds:.2f} s, {weight:.0f} MB after 3 s", ""))
            small.write_text("begin\n")
            found.append(
                (f"{name}: following 200k lines/s", f"{_under_flood([*command, str(small)], small):.0f} %", "")
            )
    return found


def _spawn(command: Sequence[str]) -> pexpect.spawn[bytes]:
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LESS": ""}
    env.pop("NO_COLOR", None)
    return pexpect.spawn(command[0], list(command[1:]), env=env, dimensions=(36, 120), maxread=1 << 16)


def _pid(child: pexpect.spawn[bytes]) -> int:
    assert child.pid is not None, "started"
    return child.pid


def _opened(command: Sequence[str]) -> tuple[float, float]:
    began = time.perf_counter()
    child = _spawn(command)
    try:
        child.expect(b"haystack", timeout=_ENOUGH)
        seconds = time.perf_counter() - began
        _drain(child, 3)
        return seconds, sum(map(_weight, _family(_pid(child))))
    finally:
        child.close(force=True)


def _under_flood(command: Sequence[str], path: Path) -> float:
    """Percent of a core."""
    child = _spawn(command)
    try:
        _drain(child, 2)
        writer = flood(path, _SECONDS + 2)
        _drain(child, 1)
        began, before = time.perf_counter(), sum(map(_ticks, _family(_pid(child))))
        _drain(child, _SECONDS)
        used = (sum(map(_ticks, _family(_pid(child)))) - before) / _TICKS
        wall = time.perf_counter() - began
        writer.wait()
        return 100 * used / wall
    finally:
        child.close(force=True)


def _drain(child: pexpect.spawn[bytes], seconds: float) -> None:
    """Take what it draws, as a terminal would."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        try:
            child.read_nonblocking(1 << 16, timeout=left)
        except pexpect.TIMEOUT:
            continue


def _family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _weight(pid: int) -> float:
    """MB of memory, pages of mapped files left out: those the kernel can take back."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("RssAnon")), 0.0)
