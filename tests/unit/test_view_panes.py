"""What the tabs say: results, requests, timeline. Fixed values in, lines out, at every width."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from evaldock.core.results.tree import Figure, MetricTree, Node
from evaldock.core.run.events import JobChanged, JobState, KillRequested, Reason, RerunRequested, RunCreated
from evaldock.core.run.figures import RequestFigures
from evaldock.core.run.sample import Message, Sample
from evaldock.core.run.timeline import timeline
from evaldock.tui.draw.line import Span
from evaldock.tui.glyphs import ASCII, UNICODE
from evaldock.tui.view.requests_lines import RequestsData, requests_lines
from evaldock.tui.view.results_lines import results_lines
from evaldock.tui.view.row import RowScore
from evaldock.tui.view.timeline_lines import timeline_lines

from ..tui.pictures import BLANK

DONE = replace(BLANK, state="succeeded", score=RowScore("acc", 0.683, 0.004, 14042, "valid", ""))
TREE = MetricTree(
    (
        Node("mmlu", "mmlu", 0, (Figure("acc", "mmlu_acc", 0.683, 0.004, 14042, primary=True),)),
        Node("mmlu_stem", "stem", 1, (Figure("acc", "mmlu_stem_acc", 0.583, 0.009, 3153),)),
        Node("mmlu_algebra", "abstract_algebra", 2, (Figure("acc", "mmlu_algebra_acc", None, None, 0),)),
    ),
    "results.yml",
)
FIGURES = RequestFigures(
    sent=1204, ok=1199, failed=5, retried=4, cached=372, in_flight=8, tokens_in=1_200_000, tokens_out=340_000,
    attempts=((0, 1), (200, 1199), (429, 3), (500, 1)), finish_reasons=(("length", 12), ("stop", 109)),
    latency=((50, 0.41), (90, 0.98), (95, 1.9), (99, 12.4)), rates=(4,) * 60,
    buckets=tuple((0.1 * 1.3**n, 40 - abs(n - 8) * 4) for n in range(18)), last_errors=("The endpoint answered 500.",),
)  # fmt: skip
PAIR = Sample(
    "a1", messages=(Message("user", "What is 2+2?\x1b]52;c;x\x07"),), answered=True, answer="4", finish_reason="stop",
    seconds=0.41, tokens_out=1,
)  # fmt: skip


def texts(lines: list[object]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]  # type: ignore[attr-defined]


def spans(lines: list[object]) -> list[Span]:
    return [span for line in lines for span in line]  # type: ignore[attr-defined]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [56, 76, 96, 136, 196])
def test_scores_stand_below_each_other(glyphs: object, width: int) -> None:
    lines = texts(results_lines(TREE, DONE, glyphs, width))  # type: ignore[arg-type]
    ends = {line.index(value) for line, value in zip(lines[1:3], ("0.683", "0.583"), strict=True)}
    assert len(ends) == 1
    assert "no samples, so no score" in lines[3]
    assert "results.yml" in lines[-1]


def test_a_doubtful_score_says_why_once() -> None:
    row = replace(DONE, score=RowScore("acc", 0.683, None, 9, "invalid", "Only 3 of 9 samples were answered."))
    lines = texts(results_lines(TREE, row, UNICODE, 136))
    assert sum("invalid" in line for line in lines) == 2
    assert "! invalid: Only 3 of 9 samples were answered." in lines


def test_what_is_not_there_is_said() -> None:
    empty = MetricTree(problem="There are no results yet.")
    assert "when the task has ended" in texts(results_lines(empty, replace(BLANK, state="running"), UNICODE, 80))[0]
    assert texts(results_lines(empty, DONE, UNICODE, 80)) == ["There are no results yet."]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [56, 96, 136])
def test_requests_are_told_in_figures_and_words(glyphs: object, width: int) -> None:
    text = "\n".join(texts(requests_lines(RequestsData(FIGURES, (PAIR,), 50, 256), glyphs, width)))  # type: ignore[arg-type]
    for said in ("1,204 requests", "p50 410 ms", "p99 12.4 s", "too many at once", "cut at 256 tokens", "in flight 8"):
        assert said in text
    assert "The endpoint answered 500." in text
    assert "the last 1 of 50 logged" in text
    assert "answer, stop, 410 ms, 1 tokens" in text
    assert "\x1b" not in text


def test_statuses_are_judged() -> None:
    roles = {span.text.strip(): span.role for span in spans(requests_lines(RequestsData(FIGURES), UNICODE, 136))}
    assert (roles["200"], roles["429"], roles["500"], roles["none"]) == ("ok", "warn", "bad", "bad")


def test_no_request_and_no_log_are_said() -> None:
    text = "\n".join(texts(requests_lines(RequestsData(None), UNICODE, 80)))
    assert "No request was seen yet." in text
    assert "request_logging" in text


def test_the_timeline_tells_attempts_deeds_and_how_long_things_took() -> None:
    def at(second: int) -> str:
        return f"2026-11-23T02:46:{second:02d}.000Z"

    job = "4f2a9c1e.0"
    events = [
        RunCreated("4f2a9c1e", at(0)),
        JobChanged(job, 1, JobState.RUNNING, at(2), 2.0, container="evaldock-4f2a9c1e-0-a1"),
        KillRequested(job, 1, False, at(30)),
        JobChanged(job, 1, JobState.KILLED, at(32), 32.0, Reason.USER, "killed on request", 143),
        RerunRequested(job, 2, at(40), ("a.b=1",)),
        JobChanged(job, 2, JobState.RUNNING, at(41), 41.0),
    ]
    lines = texts(timeline_lines(timeline(events, job), UNICODE, 120, UTC))
    assert lines[0] == "Attempt 1"
    assert any("02:46:02" in line and "00:30" in line and "running" in line for line in lines)
    assert any("you asked to kill it" in line for line in lines)
    assert any("killed on request, exit 143" in line for line in lines)
    assert "Attempt 2" in lines
    assert any("you asked to run it again  with a.b=1" in line for line in lines)
