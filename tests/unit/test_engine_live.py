"""live.json: what a face can read of a run that is being worked on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from evaldock.core.base.disk import Disk
from evaldock.core.engine import live as live_module
from evaldock.core.engine.docker.pull import describe, note_layer
from evaldock.core.engine.executor import About, Executor, Pulling
from evaldock.core.engine.ledger import Ledger
from evaldock.core.engine.live import LiveWriter, Scheduling
from evaldock.core.engine.worker import Shared
from evaldock.core.run.events import JobState
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.sizes import remember
from evaldock.core.run.store import Run

from .test_run_layout import new_run
from .test_run_state import JOB, OTHER

STREAM: list[dict[str, Any]] = [
    {"status": "Pulling from lab/own", "id": "1"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "aa"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "bb"},
    {"status": "Downloading", "progressDetail": {"current": 2_000_000, "total": 10_000_000}, "id": "aa"},
    {"status": "Downloading", "progressDetail": {"current": 500_000, "total": 5_000_000}, "id": "bb"},
    {"status": "Pull complete", "progressDetail": {}, "id": "aa"},
]


def test_a_pull_is_told_in_words_and_in_numbers() -> None:
    layers: dict[str, tuple[int, int]] = {}
    finished: set[str] = set()
    seen: list[Pulling] = []
    for line in STREAM:
        note_layer(line, layers, finished)
        seen.append(describe(layers, finished))
    assert seen[0] == Pulling("asking the registry")
    assert seen[2] == Pulling("layer 0/2")
    assert seen[4] == Pulling("layer 0/2, 2/15 MB", 2_500_000, 15_000_000)
    assert seen[5] == Pulling("layer 1/2, 10/15 MB", 10_500_000, 15_000_000)


class Answers:
    """The one question that the writer asks before any container runs."""

    def check(self) -> About:
        return About("Docker", "27.3.1", "unix:///var/run/docker.sock")


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    run = new_run(tmp_path)
    ledger = Ledger(JournalWriter(run.paths.journal), run.state(), None, print)
    return Shared(run, {}, cast(Executor, Answers()), ledger, {job.id: job for job in run.plan.jobs})


def test_the_engine_says_what_it_does_and_what_it_waits_for(shared: Shared) -> None:
    run = shared.run
    disk = Disk("/out", 1000, 2000, True, "Only 0 MB left")
    assert LiveWriter(shared).write(Scheduling(False, [JOB, OTHER], "Only 0 MB left", disk))
    found = Run.open(run.paths.root).live()
    assert {key: found[key] for key in ("queue", "holding", "paused", "workers", "docker")} == {
        "queue": [JOB, OTHER],
        "holding": "Only 0 MB left",
        "paused": False,
        "workers": 2,
        "docker": "ok",
    }
    assert (found["docker_version"], found["docker_address"]) == ("27.3.1", "unix:///var/run/docker.sock")
    assert found["disk"] == {"path": "/out", "free": 1000, "total": 2000, "full": True, "note": "Only 0 MB left"}
    assert found["jobs"] == {}


def test_the_rate_of_a_pull_is_that_of_its_last_seconds(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(live_module, "monotonic", lambda: now)
    writer = LiveWriter(shared)
    shared.ledger.change(JOB, JobState.PULLING)
    rates: list[object] = []
    for seconds, done in ((0, 0), (1, 10), (2, 20), (8, 20), (9, 80)):
        now = 100.0 + seconds
        shared.pulls[JOB] = Pulling("layer 0/1", done, 100)
        writer.write(Scheduling(False))
        rates.append(cast(Any, shared.run.live())["jobs"][JOB]["pull"]["rate"])
    assert rates == [None, 10, 10, None, 60]


def test_an_earlier_run_gives_the_total(shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "env", {"XDG_STATE_HOME": str(tmp_path)})
    writer = LiveWriter(shared)
    shared.ledger.change(JOB, JobState.PULLING)
    remember(shared.spec(JOB), 40, shared.env)
    writer.write(Scheduling(False))
    assert cast(Any, shared.run.live())["jobs"][JOB]["total"] == 40
