"""From a run's files to snapshots of it, again and again, at little cost while nothing happens."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import cast

from ...core.base.clock import Moment, parse_iso
from ...core.base.narrow import Json
from ...core.base.sanitize import clean_line
from ...core.engine.spawn import last_words
from ...core.run.events import JobState
from ...core.run.state import RunState
from ...core.run.store import Run, RunDamaged
from .row import TaskRow
from .rows import RowMaker
from .snapshot import Snapshot, Track, time_left

_KEPT = 60  # figures of each job, one a second
_TIMED = (JobState.PULLING, JobState.STARTING)


@dataclass
class _Tracks:
    cpu: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))
    memory: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))


class RunReader:
    """Reads one run for a feed. Not for several threads at once, but for `starting`."""

    def __init__(self, run: Run, *, read_only: bool) -> None:
        self._run = run
        self._read_only = read_only
        # Set while an engine is being started, so that its absence is not told as a loss.
        self.starting: bool = False
        self._live: Json = {}
        self._live_stamp = (0, 0)
        self._told_at = ""
        self._tracks: dict[str, _Tracks] = {}
        self._told_tracks: dict[str, Track] = {}
        self._maker = RowMaker(run)
        self._looked: object = None

    def read(self, before: Snapshot | None) -> Snapshot:
        """The run by now; `before` itself when nothing changed."""
        try:
            state = self._run.state()
        except RunDamaged as error:
            return self._damaged(before or self._blank(), str(error))
        engine = self._run.engine_alive()
        live = self._figures()
        looked = (
            state,
            live,
            engine,
            Moment.this_second(),
            self.starting,
            before.damaged if before is not None else "",
        )
        if before is not None and _same(looked, self._looked):
            return before
        self._looked = looked
        after = self._snapshot(state, engine, live, looked[3])
        if after.docker_down:
            after = replace(after, docker_since=self._since(before))
        if before is None:
            return replace(after, version=1)
        # Most seconds nothing that is shown is another; the rows are then the very same objects.
        return (
            before if replace(after, version=before.version) == before else replace(after, version=before.version + 1)
        )

    def _since(self, before: Snapshot | None) -> datetime:
        """When Docker was first seen to be away: as was known before, else when the engine wrote so."""
        if before is not None and before.docker_since is not None:
            return before.docker_since
        return (parse_iso(self._told_at) or datetime.now(UTC)).astimezone()

    def _snapshot(self, state: RunState, engine: int | None, live: Json, now: Moment) -> Snapshot:
        rows = self._maker.rows(state.jobs.values(), live, now)
        counts: dict[str, int] = {}
        for row in rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        # Without an engine the figures of tasks are what was last seen, and what is said of the machine is nothing.
        told: Json = live if engine is not None else {}
        disk = _mapping(told.get("disk"))
        return replace(
            self._blank(),
            rows=rows,
            counts=counts,
            elapsed=float(int(state.seconds(now.wall if engine is not None else max(state.newest, self._told_at)))),
            left=time_left(rows, self._run.plan.workers),
            docker=_text(told.get("docker")),
            docker_version=_text(told.get("docker_version")),
            endpoint=_text(told.get("endpoint")),
            engine=engine,
            queue=_queue(told, rows),
            paused=state.paused,
            holding=_text(told.get("holding")),
            finished=state.done,
            starting=self.starting and engine is None,
            last_words=clean_line(last_words(self._run.paths.engine_log)) if engine is None and not state.done else "",
            disk=_text(disk.get("note")) if disk.get("full") else "",
            tracks=self._told_tracks,
        )

    def _blank(self) -> Snapshot:
        run, plan = self._run, self._run.plan
        return Snapshot(
            invocation=run.invocation,
            config_name=clean_line(plan.config_name),
            model=clean_line(plan.model_id),
            url=clean_line(plan.url),
            created=run.paths.root.name,
            run_dir=str(run.paths.root),
            rows=(),
            workers=plan.workers,
            read_only=self._read_only,
        )

    def _damaged(self, before: Snapshot, why: str) -> Snapshot:
        if before.damaged == why:
            return before
        return replace(before, damaged=why, engine=None, version=before.version + 1)

    def _figures(self) -> Json:
        """live.json, read again only when it was written again."""
        try:
            found = os.stat(self._run.paths.live)
        except OSError:
            return {}
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._live_stamp:
            self._live_stamp, self._live = stamp, self._run.live()
            self._note()
        return self._live

    def _note(self) -> None:
        """Keep the figures of each second for the sparklines."""
        at = _text(self._live.get("at"))
        if at == self._told_at:
            return
        self._told_at = at
        jobs = _mapping(self._live.get("jobs"))
        self._tracks = {job: self._tracks.get(job) or _Tracks() for job in jobs}
        for job, track in self._tracks.items():
            figures = _mapping(jobs[job])
            for name, kept in (("cpu", track.cpu), ("memory", track.memory)):
                value = figures.get(name)
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    kept.append(float(value))
        self._told_tracks = {job: Track(tuple(track.cpu), tuple(track.memory)) for job, track in self._tracks.items()}


def _same(new: tuple[object, ...], old: object) -> bool:
    """Whether two looks found the same. The state and the file's tree are the same objects while nothing came."""
    if not isinstance(old, tuple):
        return False
    before = cast("tuple[object, ...]", old)
    return new[0] is before[0] and new[1] is before[1] and new[2:] == before[2:]


def _queue(live: Json, rows: tuple[TaskRow, ...]) -> tuple[str, ...]:
    """Job ids, next first: as the engine says, or in plan order while it has not said anything."""
    found = live.get("queue")
    queued = {row.job: None for row in rows if row.state == "queued"}
    if not isinstance(found, list):
        return tuple(queued)
    return tuple(str(job) for job in cast("list[object]", found) if str(job) in queued)


def _text(value: object) -> str:
    return clean_line(value) if isinstance(value, str) else ""


def _mapping(value: object) -> Mapping[str, object]:
    return cast(Json, value) if isinstance(value, dict) else {}
