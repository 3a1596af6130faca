"""The list of runs as it is read from disk: what each row says, and that it follows what happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from evaldock.tui.view.home import HomeReader, HomeSnapshot
from evaldock.tui.view.run_row import heading

from .scene import Scene, Task, score

ENDED = (Task("gsm8k", "succeeded", 60, score=score(0.774, 0.011, 1319)), Task("arc", "killed", 5, reason="user"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def test_rows_say_how_runs_stand_newest_first(scene: Scene) -> None:
    scene.run("11111111", ENDED, ago=timedelta(days=1))
    scene.run("22222222", engine=True)
    scene.run("33333333", (Task("a", "running", 9), Task("b")), ago=timedelta(minutes=1))
    reader = HomeReader(scene.env)
    first = reader.read(None)
    assert first == HomeSnapshot()
    home = reader.read(first)
    assert [(row.invocation, row.state) for row in home.rows] == [
        ("33333333", "interrupted"),
        ("22222222", "running"),
        ("11111111", "killed"),
    ]
    nightly, ended = home.rows[1:]
    assert (nightly.config, nightly.model, nightly.ended, nightly.total) == ("nightly", "llama-3.1-8b-instruct", 7, 16)
    assert [(task, found.validity) for task, found in nightly.scores][-1] == ("math_test_500", "invalid")
    assert (nightly.open, ended.open) == (True, False)
    assert nightly.seconds == pytest.approx(41 * 60 + 12, abs=5)
    assert (home.under_way, home.running_tasks, home.free_slots, home.loaded) == (1, 4, 0, True)
    assert home.docker == ""


def test_nothing_new_is_the_same_picture(scene: Scene) -> None:
    scene.run("11111111", ENDED)
    reader = HomeReader(scene.env)
    home = reader.read(HomeSnapshot())
    assert reader.read(home) is home


def test_what_happens_is_seen(scene: Scene) -> None:
    run = scene.run("11111111", (Task("a", "running", 9),), engine=True)
    reader = HomeReader(scene.env)
    home = reader.read(HomeSnapshot())
    scene.change(run, 0, "succeeded", score=score(0.5, None, 10))
    home = reader.read(home)
    assert [row.state for row in home.rows] == ["succeeded"]
    assert [(task, found.value) for task, found in home.rows[0].scores] == [("a", 0.5)]
    scene.run("22222222", ENDED)
    assert len(reader.read(home).rows) == 2
    shutil.rmtree(run.paths.root)
    assert [row.invocation for row in reader.read(home).rows] == ["22222222"]


def test_damage_hides_one_run_and_no_other(scene: Scene) -> None:
    damaged = scene.run("11111111", ENDED)
    scene.run("22222222", ENDED)
    damaged.paths.plan.write_text("{")
    assert [row.invocation for row in HomeReader(scene.env).read(HomeSnapshot()).rows] == ["22222222"]


@pytest.mark.parametrize(
    ("days", "said"), [(0, "Today"), (1, "Yesterday"), (6, "Last 7 days"), (29, "Last 30 days"), (60, "September 2026")]
)
def test_headings(days: int, said: str) -> None:
    today = date(2026, 11, 24)
    created = datetime(2026, 11, 24, 0, 30).astimezone() - timedelta(days=days)
    assert heading(created, today) == said
