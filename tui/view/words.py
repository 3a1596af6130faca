"""What a row says in words. Everything has a long and a short form; the short one is at most 22 cells wide."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from ...core.base.urls import registry_of
from ..draw import numbers
from ..draw.cells import cell_len, cut_end, cut_middle
from .reasons import REASONS, Words
from .row import TaskRow

if TYPE_CHECKING:
    from ..theme import Role

SHORT = 22

_FEW = re.compile(r"(\d+) of (\d+) answers (?:(?:was|were) )?(cut|empty)")


def reason_words(row: TaskRow) -> Words:
    """Why a task is where it is. A reason that is not known here is told in its own words."""
    long, short = REASONS.get(row.reason or "", (row.detail or row.reason or "", row.reason or row.detail))
    code = f"exit {row.exit_code}" if row.exit_code else ""
    match row.reason:
        case "exit_nonzero" if code:
            long, short = row.detail.rstrip(".") or f"{code}, see its log", code
        case "oom":
            limit = f" at {numbers.size(row.memory_limit)}" if row.memory_limit else ""
            long = f"out of memory{limit}" + (f", {code}" if code else "")
        case "signal" if row.exit_code and row.exit_code > 128:
            name = _signal_name(row.exit_code - 128)
            long, short = f"ended by {name}, {code}", f"ended by {name}"
        case "image_not_found":
            long = f"image not found: {row.image.rpartition('/')[2]}"
        case "pull_network" if row.image:
            long = f"registry unreachable: {registry_of(row.image)}"
        case "start_failed" | "no_valid_requests" | "unauthorized" | "interceptor" | "timeout" | "quota" if row.detail:
            long = row.detail.rstrip(".")
        case "user":
            if row.done:
                long, short = f"killed by you, {_kept(row)}", f"killed, {numbers.count(row.done)} answered"
        case _:
            pass
    return long, cut_end(short, SHORT)


def _kept(row: TaskRow) -> str:
    of = f" of {numbers.count(row.total)}" if row.total else ""
    return f"{numbers.count(row.done or 0)}{of} answered"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def progress_words(
    row: TaskRow, width: int, *, place: int | None = None, holding: str = "", ellipsis: str = "…"
) -> tuple[str, Role]:
    """What the row says where it has no bar, in at most `width` cells.

    `place` is where it stands in the queue, from 0; `holding` a sentence on why the queue does not move.
    """
    (long, short), role = _words(row, place, holding)
    text = long if cell_len(long) <= width else short
    cut = cut_middle if row.reason == "image_not_found" else cut_end
    return cut(text, max(0, width), ellipsis), role


def _words(row: TaskRow, place: int | None, holding: str) -> tuple[Words, Role]:
    match row.state:
        case "queued":
            return _queued(place, holding), "dim"
        case "pulling":
            return (row.note or "pulling its image", "pulling"), "dim"
        case "starting":
            return (row.note or "created, waiting for first output", "starting"), "dim"
        case "stopping":
            return _stopping(row), "dim"
        case "running":
            return _running(row)
        case "succeeded":
            return _succeeded(row)
        case "failed":
            return reason_words(row), "bad"
        case "lost":
            return reason_words(row), "warn"
        case _:
            return reason_words(row), "dim"


def _queued(place: int | None, holding: str) -> Words:
    if holding:
        return holding.rstrip("."), "held"
    if place is None:
        return "queued", ""
    if place == 0:
        return "next, waiting for a slot", "next"
    return f"{ordinal(place + 1)} in queue", f"{ordinal(place + 1)} in queue"


def _stopping(row: TaskRow) -> Words:
    if row.kill_requested > 1:
        return "SIGKILL sent", "SIGKILL sent"
    why = "out of time, " if row.reason == "timeout" else ""
    if row.stop_in is None:
        return f"{why}SIGTERM sent, SIGKILL after {row.kill_grace:g} s", "SIGTERM sent"
    then = f"SIGKILL in {row.stop_in:g} s" if row.stop_in else "SIGKILL now"
    return f"{why}SIGTERM sent, {then}", then


def _running(row: TaskRow) -> tuple[Words, Role]:
    if row.requests is not None and row.requests.refused:
        return (row.requests.refused, "key refused"), "warn"
    if row.note:
        return (row.note, cut_end(row.note, SHORT)), "text"
    if row.done:
        number = numbers.counted(row.done, "request")
        return (f"{number}, total unknown", number), "text"
    # Nobody counts the requests of a task that goes past the proxy.
    text = "no request yet" if row.requests is not None else ""
    return (text, text), "dim"


def _succeeded(row: TaskRow) -> tuple[Words, Role]:
    score = row.score
    if score is not None and score.validity != "valid":
        return (score.why.rstrip("."), short_why(score.why) or score.validity), "warn"
    if row.detail:
        return (row.detail.rstrip("."), cut_end(row.detail, SHORT)), "warn"
    number = score.n if score is not None and score.n is not None else row.done
    if number is None:
        return ("", ""), "dim"
    text = numbers.counted(number, "sample")
    return (text, text), "dim"


def short_why(why: str) -> str:
    """`214 of 500 cut` out of the sentence that says so."""
    found = _FEW.search(why)
    return f"{found[1]} of {found[2]} {found[3]}" if found else ""


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
