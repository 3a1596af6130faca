"""A run at one moment, as every part of its screen shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .row import TaskRow


@dataclass(frozen=True, slots=True)
class Track:
    """What one job used in the last minute, a value a second, newest last: percent of one core, bytes."""

    cpu: tuple[float, ...] = ()
    memory: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a run; `version` grows with every change.

    `docker` is "ok", "" while nobody knows, or a sentence; `docker_since` is when it was first seen to be away (local
    time). `endpoint` is a sentence when the endpoint does not answer as it should. `engine` is the pid of the run's
    engine, None without one; `starting` says that one is on its way, `last_words` what the one that has gone said last.
    `holding` says why the queue does not move, `disk` why nothing may be started, `damaged` why the run cannot be read.
    `elapsed` and `left` are seconds; `queue` holds job ids, next first.
    """

    invocation: str
    config_name: str
    model: str
    url: str
    created: str
    run_dir: str
    rows: tuple[TaskRow, ...]
    version: int = 0
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    elapsed: float | None = None
    left: float | None = None
    docker: str = ""
    docker_version: str = ""
    docker_since: datetime | None = None
    endpoint: str = ""
    engine: int | None = None
    workers: int = 1
    queue: tuple[str, ...] = ()
    paused: bool = False
    holding: str = ""
    finished: bool = False
    starting: bool = False
    last_words: str = ""
    damaged: str = ""
    disk: str = ""
    read_only: bool = False
    tracks: Mapping[str, Track] = field(default_factory=dict[str, Track])

    @property
    def docker_down(self) -> bool:
        """Whether Docker is known not to answer."""
        return self.docker not in ("ok", "")

    @property
    def stale(self) -> bool:
        """Whether what is shown is only what was last seen."""
        return bool(self.damaged) or self.docker_down or self.orphaned

    @property
    def orphaned(self) -> bool:
        """Whether tasks are open and no engine works on them."""
        return self.engine is None and not self.finished and not self.starting

    @property
    def name(self) -> str:
        """What the run is called: its config, or its id."""
        return self.config_name or self.invocation


def time_left(rows: tuple[TaskRow, ...], workers: int) -> float | None:
    """Seconds until the last task ends, None while that cannot be told.

    Every task at hand has to tell how long it still takes; what is queued is taken to be as long as the mean of those.
    """
    at_hand = [row for row in rows if row.live]
    told = [row.left for row in at_hand if row.left is not None]
    if not told or len(told) < len(at_hand):
        return None
    queued = sum(row.state == "queued" for row in rows)
    whole = [(row.seconds or 0.0) + (row.left or 0.0) for row in at_hand]
    work = sum(told) + queued * sum(whole) / len(whole)
    return max(max(told), work / max(1, workers))
