"""A disk that is really full: nothing is started into it, nothing is lost, and all goes on when there is room."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.base.disk import disk_of
from evaldock.core.run.events import JobState
from evaldock.core.run.store import Run

from .conftest import Bench, Going, wait_for

MEGABYTES = 64


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Take all but `leave` bytes, whatever others write meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            found = os.statvfs(disk)
            try:
                os.posix_fallocate(file.fileno(), 0, file.seek(0, 2) + found.f_bavail * found.f_frsize - leave)
                return ballast
            except OSError as problem:
                if problem.errno != errno.ENOSPC:
                    raise


def start(bench: Bench, disk: Path, *behaviours: dict[str, object], workers: int, **options: Any) -> Going:
    return bench.start(bench.run(replace(bench.plan(*behaviours, workers=workers), output_dir=str(disk))), **options)


def live(run: Run) -> dict[str, Any]:
    return json.loads(run.paths.live.read_text()) if run.paths.live.exists() else {}


def test_no_job_starts_on_a_nearly_full_disk_until_there_is_room(bench: Bench, small_disk: Path) -> None:
    ballast = fill(small_disk, 2 << 20)
    notices: list[str] = []
    going = start(bench, small_disk, {}, {}, workers=2, on_notice=notices.append)
    try:
        figures = wait_for(lambda: (found := live(going.run)) and found["holding"] and found, "the engine to hold on")
        assert figures["queue"] == [job.id for job in going.run.plan.jobs]
        assert figures["disk"]["full"]
        assert "of disk space left" in figures["holding"]
        assert {view.state for view in going.run.state().jobs.values()} == {JobState.QUEUED}
    finally:
        ballast.unlink()
    assert {view.state for view in going.end().jobs.values()} == {JobState.SUCCEEDED}
    assert [text.split()[0] for text in notices] == ["Only", "Disk"]
    assert not live(going.run)["disk"]["full"]


def test_a_disk_that_fills_up_to_the_last_byte_costs_nothing_but_time(bench: Bench, small_disk: Path) -> None:
    notices: list[str] = []
    going = start(bench, small_disk, {"sleep": 1}, {}, workers=1, on_notice=notices.append)
    going.until(0, "running")
    ballast = fill(small_disk, 0)
    try:
        wait_for(lambda: any("nothing is started" in text for text in notices), "the engine to hold on")
        assert going.view(1).state is JobState.QUEUED
    finally:
        ballast.unlink()
    assert going.end().jobs[going.run.plan.jobs[1].id].state is JobState.SUCCEEDED
    # What the first container could not write is its own to judge: it ended once, and that is in the journal.
    assert going.view(0).state.terminal


def test_what_was_full_stays_so_until_there_is_a_little_more(small_disk: Path) -> None:
    least = (MEGABYTES << 20) // 20
    fill(small_disk, least + (1 << 18))
    found, still = disk_of(small_disk), disk_of(small_disk, was_full=True)
    assert found is not None
    assert still is not None
    assert (found.full, found.note) == (False, "")
    assert still.full
    assert disk_of(small_disk / "nowhere") is None
