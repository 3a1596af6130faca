"""What the tabs say: results, requests, config, timeline. Fixed values in, lines out, at every width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from evaldock.core.results.tree import MetricTree
from evaldock.core.run.events import EngineStarted, JobChanged, JobState, RunCreated
from evaldock.core.run.sample import Sample
from evaldock.core.run.score import Score
from evaldock.core.run.timeline import timeline
from evaldock.tui.draw.line import Span, spans_width
from evaldock.tui.glyphs import ASCII, UNICODE, Glyphs
from evaldock.tui.panes.stack import TABS, Tab
from evaldock.tui.view.config_lines import config_tab_lines
from evaldock.tui.view.requests_lines import RequestsData, requests_lines, sample_starts_at
from evaldock.tui.view.results_lines import results_lines
from evaldock.tui.view.sample_lines import Shown, sample_lines
from evaldock.tui.view.timeline_lines import timeline_lines

from ..tui.panes import DONE, DOUBTFUL, FIGURES, JOB, PAIR, REQUESTS, STORY, TREE, config_data, lines_of
from ..tui.pictures import BLANK

Lines = Sequence[Sequence[Span]]


def texts(lines: Lines) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def spans(lines: Lines) -> list[Span]:
    return [span for line in lines for span in line]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("tab", TABS[1:])
def test_no_line_is_wider_than_the_pane_and_none_carries_an_escape(tab: Tab, glyphs: Glyphs) -> None:
    for width in range(48, 200):
        for line in lines_of(tab, glyphs, width):
            text = "".join(span.text for span in line)
            # YAML is cut at the edge by the pane itself.
            assert spans_width(tuple(line)) <= width or tab == "Config", text
            assert text.isprintable(), text
            assert not glyphs.is_ascii or text.isascii(), text


# Results


@pytest.mark.parametrize("width", [56, 76, 96, 136, 196])
def test_scores_stand_below_each_other(width: int) -> None:
    lines = texts(results_lines(TREE, DONE, UNICODE, width))
    values = ("0.683", "0.641", "0.779", "0.583", "0.742")
    assert len({line.index(value) for line, value in zip(lines[1:6], values, strict=True)}) == 1
    assert lines[0].index("SCORE", 9) == lines[1].index("0.683")
    assert lines[0].index("VALIDITY") == lines[1].index("✓ valid")


def test_parts_stand_below_their_whole_and_empty_ones_have_no_score() -> None:
    lines = texts(results_lines(TREE, DONE, UNICODE, 135))
    assert lines[2].startswith("  humanities ") and lines[3].startswith("  social sciences ")
    assert lines[6] == ""
    assert "–" in lines[8] and lines[8].endswith("– no samples, so no score")
    assert lines[-1].startswith(
        "The line is the 95% interval. Reported by the harness in results.yml, 33:47, 14,042 re"
    )


def test_a_doubtful_score_is_marked_on_each_line_and_says_why_once() -> None:
    lines = texts(results_lines(TREE, DOUBTFUL, UNICODE, 135))
    assert sum(line.endswith("! invalid") for line in lines) == 6
    assert lines.count("! invalid: Only 13,911 of 14,042 samples were answered.") == 1
    assert "131 of them failed (131 x 429)" in lines[-1]
    figures = [span for span in spans(results_lines(TREE, DOUBTFUL, UNICODE, 135)) if span.text.strip() == "0.683"]
    assert [(span.role, span.bold) for span in figures] == [("dim", False)]


def test_a_short_reason_stands_beside_the_main_score() -> None:
    row = replace(DONE, score=Score("acc", 0.683, None, 9, "suspect", "214 of 500 answers were cut off by it."))
    assert texts(results_lines(TREE, row, UNICODE, 150))[1].endswith("! suspect, 214 of 500 cut")


def test_what_is_not_there_is_said() -> None:
    empty = MetricTree(problem="There are no results yet.")
    assert "when the task has ended" in texts(results_lines(empty, replace(BLANK, state="running"), UNICODE, 80))[0]
    assert texts(results_lines(empty, DONE, UNICODE, 80)) == ["There are no results yet."]


# Requests


def test_empty_answers_and_those_without_an_end_are_counted() -> None:
    figures = replace(FIGURES, finish_reasons=(("stop", 20),), empty=12, thought=9, unended=5)
    lines = texts(requests_lines(replace(REQUESTS, figures=figures), UNICODE, 135))
    rows = [" ".join(line.split()) for line in lines]
    assert any("empty 12" in row and "9 with reasoning alone" in row for row in rows)
    assert any("not said 5" in row and "unverified" in row for row in rows)
    nothing = replace(FIGURES, finish_reasons=(), unended=5)
    assert any("not said" in row for row in texts(requests_lines(replace(REQUESTS, figures=nothing), UNICODE, 135)))


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("width", [56, 96, 136])
def test_requests_are_told_in_figures_and_words(glyphs: Glyphs, width: int) -> None:
    text = "\n".join(texts(requests_lines(REQUESTS, glyphs, width)))
    for said in ("1,204 requests", "p50 410 ms", "p95 1.9 s", "p99 12.4 s", "cut at 256 tokens", "in flight 8/8"):
        assert said in text
    for said in ("now 4.0/s", "mean 3.9/s", "cache 31%", "1.2 M in", "34 k out", "112 out/s", "retried"):
        assert said in text
    assert "The endpoint answered 500: out of memory" in text


def test_statuses_are_judged_and_told() -> None:
    lines = requests_lines(REQUESTS, UNICODE, 135)
    roles = {span.text.strip(): span.role for span in spans(lines)}
    assert (roles["200"], roles["429"], roles["500"], roles["none"]) == ("ok", "warn", "bad", "bad")
    text = "\n".join(texts(lines))
    assert "retried, all answered" in text
    wide = texts(requests_lines(REQUESTS, UNICODE, 195))
    assert any(line.endswith("too many at once, retried, all answered") for line in wide)


def test_a_task_that_has_ended_has_no_rate_now() -> None:
    text = "\n".join(texts(requests_lines(replace(REQUESTS, live=False), UNICODE, 96)))
    assert "mean 3.9/s" in text
    assert "now " not in text and "in flight" not in text


def test_no_request_and_no_log_are_said() -> None:
    text = " ".join(texts(requests_lines(RequestsData(None, live=True), UNICODE, 80)))
    assert "No requests yet." in text
    assert "request_logging" in text
    logged = " ".join(texts(requests_lines(RequestsData(None, logs=True), UNICODE, 80)))
    assert "No requests." in logged and "kept yet" in logged


def test_figures_of_an_older_proxy_have_no_chart_and_are_shown() -> None:
    old = replace(FIGURES, attempts=(), buckets=(), first_at="")
    lines = texts(requests_lines(replace(REQUESTS, figures=old), UNICODE, 135))
    assert "No answer was timed yet." in lines[1]
    assert any("p50 410 ms" in line for line in lines)


# Samples


def test_a_pair_is_read_like_a_talk() -> None:
    lines = texts(sample_lines(Shown(PAIR, 2, 50), UNICODE, 110, UTC))
    assert lines[0].startswith("SAMPLE 3 of 50   stop   410 ms   38 tokens in, 14 out   02:46:12")
    assert lines[0].endswith("← → others")
    assert lines[1:] == [
        *("", "system", "  Answer with one letter."),
        *("", "user", "  Which gas is the largest part of the air?", "    A) oxygen", "    B) nitrogen"),
        *("", "answer", "  B) nitrogen, which is about 78 % of it."),
    ]


def test_the_pair_begins_where_the_keys_scroll_to() -> None:
    for width in (60, 100, 140):
        lines = texts(requests_lines(REQUESTS, UNICODE, width))
        assert lines[sample_starts_at(REQUESTS, UNICODE, width)].startswith("SAMPLE 3 of 50")


def test_an_answer_that_was_cut_or_failed_says_so() -> None:
    cut = sample_lines(Shown(replace(PAIR, finish_reason="length"), 0, 1), UNICODE, 96)
    assert [span.role for span in cut[0] if span.text == "cut off"] == ["warn"]
    assert "others" not in texts(cut)[0]
    failed = sample_lines(Shown(replace(PAIR, status=404, error="no such\x9b2Jmodel"), 0, 1), UNICODE, 96)
    assert texts(failed)[-2:] == ["error 404", "  no suchmodel"]


def test_what_is_not_written_down_is_said() -> None:
    lines = texts(sample_lines(Shown(Sample("a"), 0, 1), UNICODE, 96))
    assert any("not written down" in line for line in lines)
    assert lines[-1] == "no answer written down"


def test_long_wide_and_odd_texts_are_wrapped_and_end() -> None:
    for text in ("word " * 20_000, "漢字" * 500, "x" * 3000, "\n" * 5000, "\x00\x1b[31mred"):
        lines = sample_lines(Shown(replace(PAIR, answer=text), 0, 1), UNICODE, 60)
        assert len(lines) < 450
        assert all(spans_width(line) <= 60 for line in lines)
        assert all(span.text.isprintable() for span in spans(lines))
    assert (
        "characters in all" in texts(sample_lines(Shown(replace(PAIR, answer="word " * 20_000), 0, 1), UNICODE, 60))[-1]
    )


# Config


def test_the_config_tells_image_environment_and_the_literal_command() -> None:
    data = config_data()
    lines = texts(config_tab_lines(data, UNICODE, 200))
    text = "\n".join(lines)
    for said in (
        "nvcr.io/nvidia/eval-factory/lm-eval:26.03",
        "evaldock-4f2a9c1e-11-a2",
        "1 missing here",
        "sha256:7e4e",
    ):
        assert said in text
    assert "nvapi-secret" not in text
    start = next(n for n, line in enumerate(lines) if line.startswith("Docker command"))
    joined = " ".join(line.removesuffix(" \\").strip() for line in lines[start + 1 :])
    assert joined == data.job.command


def test_a_narrow_command_goes_on_below() -> None:
    data = config_data()
    lines = texts(config_tab_lines(data, UNICODE, 60))
    start = next(n for n, line in enumerate(lines) if line.startswith("Docker command"))
    assert all(len(line) <= 62 for line in lines[start:])
    packed = "".join(line.removesuffix("\\") for line in lines[start + 1 :]).replace(" ", "")
    assert packed == data.job.command.replace(" ", "")


# Timeline


def test_the_timeline_tells_attempts_deeds_and_how_long_things_took() -> None:
    lines = texts(timeline_lines(STORY, UNICODE, 135, zone=UTC))
    assert lines[0] == "Attempt 2  23 November 2026  33:48 in all"
    assert lines[1].startswith("02:10:00  * rerun requested  with 2 overrides")
    assert lines[2].strip() == "-o config.params.temperature=0.6"
    running = next(line for line in lines if "► running  evaldock-4f2a9c1e-11-a2" in line)
    assert running.startswith("02:10:01") and running.endswith("33:47")
    assert any("score 0.683 ±0.004, exit 0" in line for line in lines)
    first = lines[lines.index("Attempt 1  23 November 2026  04:04 in all") :]
    assert any("* kill requested" in line for line in first)
    assert any("killed on request, exit 143" in line for line in first)


def test_the_state_a_task_is_in_lasts_until_now() -> None:
    at = "2026-11-23T02:{}.000Z".format
    events = [
        RunCreated("4f2a9c1e", at("05:00")),
        EngineStarted(7, "boot", at("05:01")),
        JobChanged(JOB, 1, JobState.RUNNING, at("05:02"), 2.0),
    ]
    now = datetime(2026, 11, 23, 2, 15, 2, tzinfo=UTC)
    lines = timeline_lines(timeline(events, JOB), UNICODE, 120, now=now, zone=UTC)
    assert texts(lines)[-1].endswith("10:00")
    bars = [span for span in lines[-1] if span.text.startswith("━")]
    assert [(span.role, span.fade) for span in bars] == [("accent", 0.0)]


def test_an_empty_timeline_is_said() -> None:
    assert texts(timeline_lines((), UNICODE, 80)) == ["Nothing has happened yet."]
