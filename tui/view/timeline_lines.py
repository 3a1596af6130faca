"""The Timeline tab: what happened to a task, in words, with local times and how long each thing took. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from ...core.base.clock import parse_iso
from ...core.base.sanitize import clean_line
from ...core.run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    KillRequested,
    Paused,
    Reason,
    RerunRequested,
    RunCreated,
    Unpaused,
)
from ...core.run.timeline import TimelineEntry
from ..draw import numbers
from ..draw.line import Span, cut_end, spans_width
from ..glyphs import Glyphs, state_glyph, state_role
from .row import clean_score

if TYPE_CHECKING:
    from ..theme import Role

SpanLine = tuple[Span, ...]

_STATES: dict[JobState, str] = {
    JobState.QUEUED: "put back into the queue",
    JobState.PULLING: "pulling its image",
    JobState.STARTING: "creating container",
    JobState.RUNNING: "running",
    JobState.STOPPING: "asked to stop",
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.KILLED: "killed",
    JobState.LOST: "lost",
    JobState.SKIPPED: "skipped",
}
_TOOK = 7
_BAR_FROM = 90  # cells from which there is a bar of when each step was
_BAR = (16, 40)
_FADED = 0.4


@dataclass(frozen=True)
class _Step:
    """An entry with its place in its attempt: seconds from the attempt's start, and how long it lasted."""

    entry: TimelineEntry
    start: float
    lasted: float | None


def timeline_lines(
    entries: Sequence[TimelineEntry],
    glyphs: Glyphs,
    width: int,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
) -> list[SpanLine]:
    """One line an event, the newest attempt first. `now` (aware): how long the state lasts that a task is in."""
    numbers_of = sorted({entry.attempt for entry in entries}, reverse=True)
    lines: list[SpanLine] = []
    for attempt in numbers_of:
        steps = _steps([entry for entry in entries if entry.attempt == attempt], now)
        lines += [()] if lines else []
        lines += _attempt(attempt, steps, glyphs, width, zone)
    return lines or [(Span("Nothing has happened yet.", "dim"),)]


def _steps(entries: Sequence[TimelineEntry], now: datetime | None) -> list[_Step]:
    steps: list[_Step] = []
    at = 0.0
    for place, entry in enumerate(entries):
        at += entry.since or 0.0 if place else 0.0
        steps.append(_Step(entry, at, entry.seconds))
    if steps and now is not None and _is_open(steps):
        place = max(n for n, step in enumerate(steps) if _begins_state(step.entry.event))
        began = parse_iso(steps[place].entry.event.at)
        if began is not None:
            lasted = max(0.0, (now - began).total_seconds())
            steps[place] = _Step(steps[place].entry, steps[place].start, lasted)
    return steps


def _is_open(steps: Sequence[_Step]) -> bool:
    states = [step.entry.event.state for step in steps if isinstance(step.entry.event, JobChanged)]
    return not (states and states[-1].terminal) and any(_begins_state(step.entry.event) for step in steps)


def _begins_state(event: Event) -> bool:
    return isinstance(event, (RunCreated, RerunRequested, JobChanged))


def _attempt(
    attempt: int, steps: Sequence[_Step], glyphs: Glyphs, width: int, zone: tzinfo | None
) -> Iterator[SpanLine]:
    whole = max(step.start + (step.lasted or 0.0) for step in steps)
    yield tuple(_heading(attempt, steps, whole, zone))
    bar = min(_BAR[1], width // 3) if width >= _BAR_FROM else 0
    for step in steps:
        sign, role, text, more = _told(step.entry.event, glyphs)
        past = step.entry.seconds is not None and isinstance(step.entry.event, JobChanged)
        strong: Role = role if role in ("bad", "warn") else "text"
        spans = [
            Span(f"{numbers.clock(step.entry.event.at, zone)}  ", "dim"),
            Span(f"{sign} ", "dim" if past else role, bold=not past),
            Span(text, strong),
        ]
        room = width - spans_width(spans) - _TOOK - 2 - (bar + 3 if bar else 0)
        if more and room > 6:
            spans.append(Span(f"  {cut_end(more, room - 2, glyphs.ellipsis)}", "dim"))
        spans += _when(step, whole, role, glyphs, width - spans_width(spans), bar)
        yield tuple(spans)
        if isinstance(step.entry.event, RerunRequested):
            for override in step.entry.event.overrides:
                yield (Span(" " * 12), Span("-o ", "dim"), Span(clean_line(override), "text"))


def _heading(attempt: int, steps: Sequence[_Step], whole: float, zone: tzinfo | None) -> Iterator[Span]:
    yield Span(f"Attempt {attempt}", "bright", bold=True)
    first = parse_iso(steps[0].entry.event.at)
    if first is not None:
        day = first.astimezone(zone)
        yield Span(f"  {day.day} {day:%B %Y}", "dim")
    if whole >= 1:
        yield Span(f"  {_duration(whole)} in all", "dim")


def _when(step: _Step, whole: float, role: Role, glyphs: Glyphs, room: int, bar: int) -> Iterator[Span]:
    """How long the step lasted, and where in its attempt, at the right edge."""
    took = _duration(step.lasted) if step.lasted is not None else ""
    taken = _TOOK + 2 + (bar + 1 if bar else 0)
    if room < _TOOK + 2 or not (took or bar):
        return
    if not bar or room < taken or whole <= 0:
        yield Span(f"{took:>{room}}", "text")
        return
    yield Span(" " * (room - taken + 2))
    if step.lasted is None:
        yield Span(" " * bar)
    else:
        start = min(bar - 1, round(step.start / whole * bar))
        cells = max(1, min(bar - start, round((step.start + step.lasted) / whole * bar) - start))
        yield Span(glyphs.bar_rest * start, "rule")
        # What is alive is at full strength, what is over is faded.
        over = 0.0 if step.entry.seconds is None else _FADED
        yield Span(glyphs.bar_full * cells, role if role != "dim" else "trough", fade=over if role != "dim" else 0.0)
        yield Span(glyphs.bar_rest * (bar - start - cells), "rule")
    yield Span(f" {took:>{_TOOK}}", "text")


def _duration(seconds: float) -> str:
    return numbers.latency(seconds) if seconds < 60 else numbers.elapsed(seconds)


def _told(event: Event, glyphs: Glyphs) -> tuple[str, Role, str, str]:
    """Sign, its role, what happened, and more of it."""
    match event:
        case RunCreated():
            return glyphs.queued, "dim", "queued", ""
        case EngineStarted():
            return glyphs.queued, "dim", "engine started", f"pid {event.pid}"
        case EngineStopped():
            return glyphs.queued, "dim", "engine stopped", clean_line(event.why)
        case Paused():
            return glyphs.queued, "accent", "queue paused", ""
        case Unpaused():
            return glyphs.queued, "accent", "queue resumed", ""
        case KillRequested():
            return glyphs.mark, "accent", "kill requested" + (", without grace" if event.force else ""), ""
        case RerunRequested():
            changed = len(event.overrides)
            with_these = f"with {changed} {'override' if changed == 1 else 'overrides'}" if changed else ""
            return glyphs.mark, "accent", "rerun requested", with_these
        case JobChanged():
            return _changed(event, glyphs)
        case _:
            return glyphs.queued, "dim", "the run ended", ""


def _changed(event: JobChanged, glyphs: Glyphs) -> tuple[str, Role, str, str]:
    state = event.state
    score = clean_score(event.score)
    doubtful = score is not None and score.validity != "valid"
    sign, role = state_glyph(glyphs, state.value, invalid=doubtful), state_role(state.value, invalid=doubtful)
    return sign, role, _STATES[state], ", ".join(_more(event, glyphs))


def _more(event: JobChanged, glyphs: Glyphs) -> Iterator[str]:
    score = clean_score(event.score)
    if score is not None:
        error = f" {numbers.error(score.stderr, glyphs.plus_minus)}" if score.stderr is not None else ""
        yield f"score {numbers.score(score.value)}{error}"
        if score.validity != "valid":
            yield f"{score.validity}: {score.why.rstrip('.')}" if score.why else score.validity
    if event.detail:
        yield clean_line(event.detail).rstrip(".")
    if event.exit_code is not None and str(event.exit_code) not in event.detail:
        yield f"exit {event.exit_code}"
    if event.state is JobState.STOPPING:
        yield "out of time" if event.reason is Reason.TIMEOUT else "SIGTERM"
    if event.state is JobState.RUNNING and event.container:
        yield clean_line(event.container)
    if event.state is JobState.STARTING and event.image_id:
        yield clean_line(event.image_id)[:19]
