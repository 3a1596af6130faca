"""What happened to one job, from the run's journal: its steps over all attempts, and users' deeds between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    KillRequested,
    Paused,
    RerunRequested,
    RunCreated,
    Unpaused,
)
from .state import elapsed


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a job's history.

    `attempt` is the one it belongs to. `since` are the seconds since the entry before it of the same attempt, `seconds`
    how long the state that it began has lasted: both None when no clock tells, `seconds` also for what began no state
    and for the state that a job is in now.
    """

    event: Event
    attempt: int
    since: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Moment:
    at: str
    mono: float | None
    boot: str


def timeline(events: Iterable[Event], job_id: str) -> tuple[TimelineEntry, ...]:
    """The entries of one job, oldest first.

    Of what concerns the whole run, that is in which happened while the job was open: engines that came and went,
    scheduling that paused and went on.
    """
    teller = _Teller(job_id)
    for event in events:
        teller.take(event)
    return tuple(teller.entries)


class _Teller:
    def __init__(self, job_id: str) -> None:
        self.entries: list[TimelineEntry] = []
        self._job = job_id
        self._attempt = 1
        self._open = True
        self._boot = ""
        self._last: _Moment | None = None
        self._state_at: tuple[int, _Moment] | None = None

    def take(self, event: Event) -> None:
        match event:
            case EngineStarted():
                self._boot = event.boot_id
                self._add(event, None)
            case RunCreated():
                self._add(event, None, begins_state=True)
            case EngineStopped() | Paused() | Unpaused() if self._open:
                self._add(event, None)
            case KillRequested() if event.job == self._job and event.attempt == self._attempt:
                self._add(event, None)
            case RerunRequested() if event.job == self._job and event.attempt > self._attempt:
                self._next_attempt(event.attempt)
                self._add(event, None, begins_state=True)
            case JobChanged() if event.job == self._job and event.attempt >= self._attempt:
                if event.attempt > self._attempt:
                    self._next_attempt(event.attempt)
                elif not self._open:
                    return
                self._add(event, event.mono, begins_state=True)
                self._open = not event.state.terminal
            case _:
                pass

    def _next_attempt(self, attempt: int) -> None:
        self._attempt, self._open = attempt, True
        self._last = self._state_at = None

    def _add(self, event: Event, mono: float | None, *, begins_state: bool = False) -> None:
        if not self._open:
            return
        now = _Moment(event.at, mono, self._boot)
        since = None if self._last is None else _between(self._last, now)
        self.entries.append(TimelineEntry(event, self._attempt, since))
        self._last = now
        if begins_state:
            self._end_state(now)
            self._state_at = (len(self.entries) - 1, now)

    def _end_state(self, now: _Moment) -> None:
        if self._state_at is not None:
            place, began = self._state_at
            entry = self.entries[place]
            self.entries[place] = TimelineEntry(entry.event, entry.attempt, entry.since, _between(began, now))


def _between(first: _Moment, second: _Moment) -> float | None:
    boot = second.boot if second.mono is not None else ""
    return elapsed(first.at, first.mono, first.boot, second.at, second.mono or 0.0, boot)
