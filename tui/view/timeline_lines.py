"""The Timeline tab: what happened to a task, in words, with local times and how long each thing took. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from ...core.run.clock import parse_iso
from ...core.run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    KillRequested,
    Paused,
    RerunRequested,
    RunCreated,
    Unpaused,
)
from ...core.run.sanitize import clean_line
from ...core.run.timeline import TimelineEntry
from ..draw import numbers
from ..draw.line import Span
from ..glyphs import Glyphs, state_glyph, state_role
from .row import row_score

if TYPE_CHECKING:
    from ..theme import Role

_STATES: dict[JobState, str] = {
    JobState.QUEUED: "put back into the queue",
    JobState.PULLING: "pulling its image",
    JobState.STARTING: "making its container",
    JobState.RUNNING: "running",
    JobState.STOPPING: "asked to stop",
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.KILLED: "killed",
    JobState.LOST: "lost",
    JobState.SKIPPED: "skipped",
}


def timeline_lines(
    entries: Sequence[TimelineEntry], glyphs: Glyphs, width: int, zone: tzinfo | None = None
) -> list[Sequence[Span]]:
    """One line an event, attempts apart."""
    lines: list[Sequence[Span]] = []
    attempt = 0
    for entry in entries:
        if entry.attempt != attempt:
            attempt = entry.attempt
            lines += [()] if lines else []
            lines.append((Span(f"Attempt {attempt}", "bright", bold=True),))
        sign, role, text, more = _told(entry.event, glyphs)
        took = numbers.elapsed(entry.seconds) if entry.seconds is not None and entry.seconds >= 1 else ""
        time = _time(entry.event, zone)
        head = (Span(f"{time}  ", "dim"), Span(f"{took:>6}  ", "dim"), Span(f"{sign} ", role, bold=True))
        lines.append((*head, Span(text, role if role in ("bad", "warn") else "text"), Span(more, "dim")))
    return lines or [(Span("Nothing has happened yet.", "dim"),)]


def _time(event: Event, zone: tzinfo | None) -> str:
    moment = parse_iso(event.at)
    return f"{moment.astimezone(zone):%H:%M:%S}" if moment is not None else " " * 8


def _told(event: Event, glyphs: Glyphs) -> tuple[str, Role, str, str]:
    match event:
        case RunCreated():
            return glyphs.queued, "dim", "queued", ""
        case EngineStarted():
            return glyphs.queued, "dim", "an engine took the run", f"  process {event.pid}"
        case EngineStopped():
            return glyphs.queued, "dim", "the engine let go of the run", f"  {clean_line(event.why)}"
        case Paused():
            return glyphs.queued, "warn", "the queue was paused", ""
        case Unpaused():
            return glyphs.queued, "dim", "the queue went on", ""
        case KillRequested():
            return glyphs.killed, "warn", "you asked to kill it" + (" at once" if event.force else ""), ""
        case RerunRequested():
            with_these = f"  with {', '.join(map(clean_line, event.overrides))}" if event.overrides else ""
            return glyphs.queued, "accent", "you asked to run it again", with_these
        case JobChanged():
            return _changed(event, glyphs)
        case _:
            return glyphs.queued, "dim", "the run ended", ""


def _changed(event: JobChanged, glyphs: Glyphs) -> tuple[str, Role, str, str]:
    state = event.state
    sign, role = state_glyph(glyphs, state.value), state_role(state.value)
    parts = [clean_line(event.detail)] if event.detail else []
    if event.exit_code and str(event.exit_code) not in event.detail:
        parts.append(f"exit {event.exit_code}")
    score = row_score(event.score)
    if score is not None:
        parts.append(
            f"score {numbers.score(score.value)}" + (f", {score.validity}" if score.validity != "valid" else "")
        )
    if state is JobState.RUNNING and event.container:
        parts.append(clean_line(event.container))
    return sign, role, _STATES[state], f"  {', '.join(parts)}" if parts else ""
