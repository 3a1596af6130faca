"""Rows are made anew only where something changed, and say what the journal and the newest figures say."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evaldock.core.base.clock import Moment, boot_id, utc_iso
from evaldock.core.base.narrow import Json
from evaldock.core.run.store import Run
from evaldock.tui.view.reader import RunReader
from evaldock.tui.view.row import Pull, TaskRow
from evaldock.tui.view.rows import RowMaker

from ..tui.scene import NIGHTLY, Scene, Task, rates, requests


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def moments(*seconds: float) -> list[Moment]:
    """Now and so many seconds later."""
    wall, mono = datetime.now(UTC), time.monotonic()
    return [Moment(utc_iso(wall + timedelta(seconds=more)), mono + more, boot_id()) for more in seconds]


def made(run: Run, maker: RowMaker, now: Moment, live: Json | None = None) -> tuple[TaskRow, ...]:
    return maker.rows(run.state().jobs.values(), run.live() if live is None else live, now)


def test_what_did_not_change_is_the_same_object(scene: Scene) -> None:
    run, now = scene.run(), Moment.this_second()
    maker = RowMaker(run)
    rows = made(run, maker, now)
    assert made(run, maker, now) is rows
    scene.change(run, 0, "succeeded")
    after = made(run, maker, now)
    assert after[0].state == "succeeded"
    assert all(new is old for new, old in zip(after[1:], rows[1:], strict=True))


def test_a_second_later_only_times_are_others(scene: Scene) -> None:
    run = scene.run()
    maker = RowMaker(run)
    rows, after = (made(run, maker, moment) for moment in moments(0, 60))
    for old, new in zip(rows, after, strict=True):
        if old.live:
            assert old.seconds is not None and new.seconds is not None
            assert new.seconds - old.seconds == 60
            assert replace(new, seconds=old.seconds, left=old.left, stop_in=old.stop_in) == old
        else:
            assert new is old


def test_a_task_that_is_told_to_stop_counts_down_to_its_kill(scene: Scene) -> None:
    run = scene.run(tasks=[Task("slow", "stopping", 242)])
    maker = RowMaker(run)
    found = [made(run, maker, moment)[0].stop_in for moment in moments(0, 2, 60)]
    assert found[0] is not None and 6 <= found[0] <= 7
    assert found[1] == found[0] - 2
    assert found[2] == 0


def test_figures_of_a_task(scene: Scene) -> None:
    run = scene.run()
    row, *_ = made(run, RowMaker(run), Moment.this_second())
    assert (row.done, row.total, row.cpu) == (121, 198, 212.0)
    assert row.requests is not None
    assert (row.requests.in_flight, row.requests.p50, row.requests.p99) == (8, 0.41, 12.4)
    assert row.requests.failed == (("429", 3),)
    pulling = made(run, RowMaker(run), Moment.this_second())[4]
    assert pulling.pull == Pull(int(1.9 * (1 << 30)), int(4.2 * (1 << 30)), 38 << 20)


def test_the_time_left_counts_answers_and_not_requests(scene: Scene) -> None:
    told = requests(100, 8, rates(2), minute_rate=0.5, answers=400)
    run = scene.run(
        tasks=[Task("four a request", "running", 200, samples=1000, live={"progress": 400, "requests": told})]
    )
    assert made(run, RowMaker(run), Moment.this_second())[0].left == 300.0
    stalled = requests(100, 8, rates(0), minute_rate=0.0)
    run = scene.run(
        "0000beef", [Task("stalled", "running", 200, samples=1000, live={"progress": 4, "requests": stalled})]
    )
    assert made(run, RowMaker(run), Moment.this_second())[0].left is None
    run = scene.run("0000cafe", [Task("by its log", "running", 200, samples=1000, live={"progress": 500})])
    row = made(run, RowMaker(run), Moment.this_second())[0]
    # Half is done: the rest takes as long.
    assert row.left is not None and row.seconds is not None and abs(row.left - row.seconds) <= 1


@pytest.mark.parametrize(
    "figures",
    [
        {"requests": {"rates": "many", "latency_ms": [], "by_status": 7, "ok": -1}},
        {"requests": {"rates": [1, None], "rate": float("inf"), "by_status": {"\x1b[31m500": 2}}},
        {"requests": [], "progress": "all", "total": -3, "cpu": float("nan"), "memory": True, "pull": {"done": 3}},
        {"note": "\x1b]0;title\x07\nsecond line", "progress": 10**30},
    ],
)
def test_odd_figures_do_no_harm(scene: Scene, figures: Json) -> None:
    run = scene.run(tasks=NIGHTLY[:1])
    (row,) = made(run, RowMaker(run), Moment.this_second(), {"jobs": {f"{run.invocation}.0": figures}})
    assert row.task == "gpqa_diamond"
    assert "\x1b" not in repr(row) and "\n" not in row.note
    assert row.cpu is None


def test_a_reader_gives_the_same_picture_until_something_changes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    now = Moment.this_second()
    monkeypatch.setattr(Moment, "this_second", classmethod(lambda _cls: now))
    run = scene.run()
    reader = RunReader(run, read_only=False)
    first = reader.read(None)
    assert reader.read(first) is first
    scene.change(run, 14, "pulling")
    second = reader.read(first)
    assert (second.version, second.counts["queued"]) == (first.version + 1, first.counts["queued"] - 1)
    assert reader.read(second) is second


def test_a_run_that_is_over_has_nothing_new_every_second(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    run = scene.run(tasks=[task for task in NIGHTLY if task.state in ("succeeded", "failed")])
    reader = RunReader(run, read_only=False)
    first = reader.read(None)
    for moment in moments(1, 60):
        monkeypatch.setattr(Moment, "this_second", classmethod(lambda _cls, at=moment: at))
        assert reader.read(first) is first
