"""`run --dry-run --watch` on a pty: the plan follows the editor."""

from __future__ import annotations

import signal
from pathlib import Path

from .conftest import Desk


def test_the_plan_is_shown_again_at_every_save(desk: Desk) -> None:
    path = Path(desk.config({}))
    text = path.read_text()
    screen = desk.screen("run", str(path), "--dry-run", "--watch").sees("t0", "t0")
    path.write_text(text.replace("name: t0", "name: renamed"))
    screen.sees("renamed")
    path.write_text("evaluation: [")
    screen.sees(f"{path.name}:2:1: is not valid YAML")
    fresh = path.with_suffix(".new")
    fresh.write_text(text.replace("name: t0", "name: third"))
    fresh.replace(path)
    screen.sees("third")
    screen.kill(signal.SIGINT)
    screen.ends(0)
    assert desk.runs() == []


def test_watching_is_for_dry_runs(desk: Desk) -> None:
    ran = desk.call("run", desk.config({}), "--watch")
    assert ran.returncode == 2
    assert "--watch goes with --dry-run" in ran.stderr
