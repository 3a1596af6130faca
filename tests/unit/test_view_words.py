"""What rows and the header say: for every state and reason, at every width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaldock.core.run.events import JobState, Reason
from evaldock.core.run.score import Score
from evaldock.tui.draw.line import spans_width
from evaldock.tui.glyphs import ASCII, UNICODE
from evaldock.tui.view.columns import HEADS, MARGIN, RIGHT, columns
from evaldock.tui.view.order import arranged, kept, matching
from evaldock.tui.view.row import Requests
from evaldock.tui.view.sentence import header_sentence
from evaldock.tui.view.snapshot import time_left
from evaldock.tui.view.words import SHORT, ordinal, progress_words, reason_words, short_why
from rich.cells import cell_len

from ..tui.pictures import BLANK, MOMENT, ROWS

WIDTHS = range(20, 241)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words_that_fit(reason: Reason) -> None:
    row = replace(BLANK, state="failed", reason=reason.value, detail="A sentence from the engine.", exit_code=137)
    long, short = reason_words(row)
    assert long and short
    assert "_" not in long, "a reason is told in words"
    assert long != row.detail or reason.value in ("start_failed", "no_valid_requests", "unauthorized")
    assert cell_len(short) <= SHORT


def test_a_reason_of_a_newer_engine_is_told_in_its_own_words() -> None:
    row = replace(BLANK, state="failed", reason="meteor", detail="A meteor hit the machine.")
    assert progress_words(row, 60) == ("A meteor hit the machine.", "bad")


@pytest.mark.parametrize("state", list(JobState))
@pytest.mark.parametrize("width", [0, 5, SHORT, 40])
def test_words_never_overrun(state: JobState, width: int) -> None:
    row = replace(BLANK, state=state.value, note="x" * 50, detail="y" * 50, kill_requested=1)
    text, _ = progress_words(row, width, place=11, holding="z" * 50)
    assert cell_len(text) <= width


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "failed", "reason": "oom", "exit_code": 137}, "out of memory at 16 GiB, exit 137"),
        ({"state": "failed", "reason": "signal", "exit_code": 139}, "ended by SIGSEGV, exit 139"),
        ({"state": "failed", "reason": "image_not_found", "image": "reg/x/y:1"}, "image not found: y:1"),
        ({"state": "killed", "reason": "user", "done": 510, "total": 1267}, "killed by you, 510 of 1,267 answered"),
        ({"state": "killed", "reason": "user"}, "killed by you"),
        ({"state": "stopping", "kill_requested": 1}, "SIGTERM sent, SIGKILL after 10 s"),
        ({"state": "stopping", "kill_requested": 1, "stop_in": 7.0}, "SIGTERM sent, SIGKILL in 7 s"),
        ({"state": "stopping", "kill_requested": 1, "stop_in": 0.0}, "SIGTERM sent, SIGKILL now"),
        ({"state": "stopping", "reason": "timeout", "stop_in": 7.0}, "out of time, SIGTERM sent, SIGKILL in 7 s"),
        ({"state": "stopping", "kill_requested": 2}, "SIGKILL sent"),
        ({"state": "running", "done": 412}, "412 requests, total unknown"),
        ({"state": "running", "requests": Requests()}, "no request yet"),
        ({"state": "running"}, ""),
        ({"state": "succeeded", "score": Score("m", 0.5, None, 1, "valid", "")}, "1 sample"),
        ({"state": "succeeded"}, ""),
    ],
)
def test_a_row_says_the_one_thing_that_matters(values: dict[str, object], words: str) -> None:
    assert progress_words(replace(BLANK, **values), 42)[0] == words


@pytest.mark.parametrize(("place", "words"), [(0, "next, waiting for a slot"), (1, "2nd in queue"), (None, "queued")])
def test_the_queue_is_told(place: int | None, words: str) -> None:
    assert progress_words(BLANK, 40, place=place)[0] == words
    assert progress_words(BLANK, 40, place=place, holding="The disk is full.")[0] == "The disk is full"


def test_a_cut_off_score_has_a_short_form() -> None:
    assert progress_words(ROWS[12], 23)[0] == "214 of 500 cut"


def test_empty_answers_have_a_short_form() -> None:
    assert short_why("30 of 30 answers were empty, with text in reasoning_content alone: ...") == "30 of 30 empty"
    assert short_why("1 of 50 answers was empty: ...") == "1 of 50 empty"
    assert short_why("1 of 20 answers was cut off by the token limit.") == "1 of 20 cut"


def test_ordinals() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]
    )


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_the_header_fits_every_width_and_is_never_cut(glyphs: object) -> None:
    moments = (
        MOMENT,
        replace(MOMENT, finished=True, left=None),
        replace(MOMENT, engine=None),
        replace(MOMENT, damaged="gone"),
        replace(MOMENT, rows=(), counts={}),
        replace(MOMENT, paused=True, holding="paused"),
    )
    for moment in moments:
        for width in WIDTHS:
            spans = header_sentence(moment, width, glyphs)  # type: ignore[arg-type]
            assert 0 < spans_width(spans) <= width
            assert "…" not in "".join(span.text for span in spans)


def test_the_header_says_all_where_there_is_room() -> None:
    text = "".join(span.text for span in header_sentence(MOMENT, 120))
    assert text == (
        "nightly is running 7 of 16 tasks on llama-3.1-8b-instruct, "
        "4 succeeded, 2 failed, 1 killed, 2 queued, 1h10 left"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_columns_stand_side_by_side_and_end_at_the_margin(width: int) -> None:
    spec = columns(width)
    assert spec.all[0].x == MARGIN
    for one, after in zip(spec.all, spec.all[1:], strict=False):
        assert after.x == one.end + 2
    if width >= 40:
        assert spec.all[-1].end == width - RIGHT
    assert all(len(HEADS[column.name]) <= column.width for column in spec.all)


@pytest.mark.parametrize(("width", "task"), [(140, 21), (120, 23), (100, 18), (80, 21)])
def test_the_task_column_is_as_wide_as_the_pictures_have_it(width: int, task: int) -> None:
    found = columns(width).get("task")
    assert found is not None
    assert found.width == task


def test_rows_sort_by_what_is_known_and_the_unknown_comes_last() -> None:
    for reverse in (False, True):
        rows = arranged(ROWS, "score", reverse=reverse)
        values = [row.score.value for row in rows if row.score is not None]
        assert values == sorted(values, reverse=reverse)
        assert all(row.score is None for row in rows[len(values) :])


def test_rows_keep_their_places_and_new_ones_come_last() -> None:
    before = [ROWS[2].job, ROWS[0].job]
    assert [row.job for row in kept(ROWS[:3], before)] == [*before, ROWS[1].job]


def test_a_filter_wants_every_word() -> None:
    assert {row.task for row in matching(ROWS, "FAILED bbh")} == {"bbh_instruct"}
    assert len(matching(ROWS, "")) == len(ROWS)


def test_time_left_is_told_only_when_every_task_tells_it() -> None:
    running = ROWS[:3]
    assert time_left(running, 7) == 4200
    assert time_left((*running, ROWS[3]), 7) is None
    queued = (replace(ROWS[0], left=100.0, seconds=100.0), replace(BLANK, job="q"))
    assert time_left(queued, 1) == 300
