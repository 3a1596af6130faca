"""A task of one's own tells in its log how far it is."""

from __future__ import annotations

from typing import Any

from evaldock.core.control.ask import ask_kill

from .conftest import Bench, wait_for


def test_progress_comes_from_the_log_by_the_catalogs_pattern(bench: Bench) -> None:
    plan = bench.plan({"count_for": 600, "interval": 0.05}, progress=r"count (\d+)", samples=12_000)
    going = bench.start(bench.run(plan))

    def progress() -> dict[str, Any]:
        row: Any
        (row,) = going.run.views()
        return row["progress"] or {}

    found = wait_for(lambda: (now := progress()) and now["done"] and now, "progress")
    assert found["total"] == 12_000
    wait_for(lambda: progress().get("done", 0) > found["done"], "more of it")
    ask_kill(going.run, plan.jobs[0].id, force=True)
    going.end()
