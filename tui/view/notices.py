"""What takes the place of the lower half when something is wrong with the whole run: calm, and with what to do."""

from __future__ import annotations

from dataclasses import dataclass

from ..draw.line import Span
from ..glyphs import Glyphs
from .snapshot import Snapshot

SpanLine = tuple[Span, ...]


@dataclass(frozen=True)
class Notice:
    """`key` names the trouble, so that it is shown once and not again after it was put away."""

    key: str
    lines: tuple[SpanLine, ...]


def run_notice(snapshot: Snapshot, glyphs: Glyphs) -> Notice | None:
    """The notice for this moment, None while there is nothing to say."""
    if snapshot.damaged:
        return Notice(f"damaged {snapshot.damaged}", _damaged(snapshot, glyphs))
    if snapshot.docker_down:
        return Notice(f"docker {snapshot.docker}", _docker(snapshot, glyphs))
    if snapshot.orphaned:
        return Notice("orphaned", _orphaned(snapshot, glyphs))
    return None


def _heading(text: str, glyphs: Glyphs, sign: str = "") -> SpanLine:
    return (Span(f"{sign or glyphs.failed} ", "bad", bold=True), Span(text, "bright", bold=True))


def _damaged(snapshot: Snapshot, glyphs: Glyphs) -> tuple[SpanLine, ...]:
    return (
        _heading("This run cannot be read any more", glyphs),
        (),
        (Span(snapshot.damaged, "text"),),
        (Span("The table shows what was last seen. Containers that were running are not touched by this.", "dim"),),
        (),
        (Span("evaldock keeps looking for it: put the directory back, or leave.", "dim"),),
    )


_REMEDIES: tuple[SpanLine, ...] = (
    (Span("  sudo systemctl start docker", "text"), Span("    if it has stopped; else open Docker Desktop", "dim")),
    (Span("  docker info", "text"), Span("                    says what is wrong with it", "dim")),
)


def _docker(snapshot: Snapshot, glyphs: Glyphs) -> tuple[SpanLine, ...]:
    what, _, remedy = snapshot.docker.partition(". ")
    return (
        _heading(what.rstrip("."), glyphs),
        (),
        (
            Span(
                "The containers may well be running: nothing is marked failed, and what they write is on disk.", "text"
            ),
        ),
        (Span("When Docker answers, every task is looked up again by its label.", "dim"),),
        (),
        (Span("Likely remedy", "dim"),),
        *(((Span(f"  {remedy}", "text"),),) if remedy else _REMEDIES),
        (),
        (Span("The run's engine tries again by itself.", "dim"),),
    )


def _orphaned(snapshot: Snapshot, glyphs: Glyphs) -> tuple[SpanLine, ...]:
    left = sum(not row.ended for row in snapshot.rows)
    words = bool(snapshot.last_words)
    tasks = "1 task is" if left == 1 else f"{left} tasks are"
    return (
        (Span(f"{glyphs.lost} ", "warn", bold=True), Span("This run has no engine", "bright", bold=True)),
        (),
        (Span(f"{tasks} still open. What the engine started may be running: nothing is marked failed.", "text"),),
        (Span("A new engine takes over running tasks, records those that ended, and continues the queue.", "dim"),),
        (),
        *(((Span("The last thing it said", "dim"),), (Span(f"  {snapshot.last_words}", "text"),), ()) if words else ()),
        (Span("or from the shell", "dim"),),
        (Span(f"  evaldock resume {snapshot.invocation}", "text"),),
    )
