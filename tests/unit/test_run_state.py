"""The fold: any prefix of any journal is a valid state."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from evaldock.core.run.events import (
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
    RunFinished,
    Unpaused,
    event_from_json,
)
from evaldock.core.run.journal import JournalWriter, encode_line, read_events, read_from
from evaldock.core.run.score import Score
from evaldock.core.run.state import RunState
from hypothesis import given
from hypothesis import strategies as st

from .test_run_layout import files_at_most, make_plan

EMPTY = RunState.empty(make_plan(Path("/out"), "alpha", "beta"))
JOB = "1a2b3c4d.0"
OTHER = "1a2b3c4d.1"

_jobs = st.sampled_from([JOB, OTHER, "ffffffff.7"])
_attempts = st.integers(1, 4)
_times = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z") | st.text(min_size=1)
_mono = st.integers(-(10**6), 10**9).map(lambda ms: ms / 1000)
_numbers = st.dictionaries(st.text(), st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False))
_finite = st.floats(allow_nan=False, allow_infinity=False)
_scores = st.builds(
    Score,
    st.text(),
    _finite,
    st.none() | _finite,
    st.none() | st.integers(0, 1 << 62),
    st.sampled_from(["valid", "suspect", "invalid"]),
    st.text(),
)
_events: st.SearchStrategy[Event] = st.one_of(
    st.builds(
        JobChanged,
        _jobs,
        _attempts,
        st.sampled_from(JobState),
        _times,
        _mono,
        st.none() | st.sampled_from(Reason),
        st.text(),
        st.none() | st.integers(0, 255),
        st.text(),
        st.text(),
        st.none() | _scores,
        st.none() | _numbers,
    ),
    st.builds(KillRequested, _jobs, _attempts, st.booleans(), _times),
    st.builds(RerunRequested, _jobs, _attempts, _times, st.lists(st.text(min_size=1), max_size=2).map(tuple)),
    st.builds(EngineStarted, st.integers(1, 9999), st.sampled_from(["", "boot-1", "boot-2"]), _times),
    st.builds(EngineStopped, _times, st.text()),
    st.builds(RunCreated, st.just("1a2b3c4d"), _times),
    st.builds(Paused, _times),
    st.builds(Unpaused, _times),
    st.builds(RunFinished, _times),
)


def change(state: JobState, at: int, *, attempt: int = 1, mono: float | None = None, job: str = JOB) -> JobChanged:
    """A change `at` seconds past eleven, on both clocks."""
    return JobChanged(job, attempt, state, f"2026-11-23T11:00:{at:02d}.000Z", at if mono is None else mono)


def assert_valid(state: RunState) -> None:
    assert list(state.jobs) == [JOB, OTHER]
    for view in state.jobs.values():
        assert view.attempt >= 1
        assert (view.ended is not None) == view.state.terminal
        assert view.seconds is None or (view.seconds >= 0 and view.state.terminal and view.started is not None)
        assert view.state not in (JobState.QUEUED, JobState.PULLING, JobState.STARTING) or view.started is None
        assert view.kill_requested in (0, 1, 2)


@given(st.lists(_events, max_size=12), st.data())
def test_any_prefix_of_a_journal_folds_to_a_valid_state(events: list[Event], data: st.DataObject) -> None:
    lines = [encode_line(event) for event in events]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(whole[:cut])
        kept = list(read_events(path))
        assert kept == events[: whole[:cut].count(b"\n")]
        assert_valid(EMPTY.fold(kept))
        # An engine that takes over goes on behind the last whole line.
        with JournalWriter(path) as writer:
            writer.append(Paused("later"))
        assert list(read_events(path)) == [*kept, Paused("later")]


@given(st.lists(_events, max_size=20))
def test_terminal_is_written_once_per_attempt_and_fold_is_apply(events: list[Event]) -> None:
    state = EMPTY
    for event in events:
        before, state = state, state.apply(event)
        for job, view in before.jobs.items():
            after = state.jobs[job]
            assert after.attempt >= view.attempt
            assert not view.state.terminal or after == view or after.attempt > view.attempt
    assert state == EMPTY.fold(events)


@given(_events)
def test_events_survive_the_journal(event: Event) -> None:
    assert encode_line(event).count(b"\n") == 1
    assert event_from_json(event.to_json()) == event


@given(st.binary(max_size=300))
def test_garbage_in_a_journal_is_skipped(garbage: bytes) -> None:
    good = change(JobState.PULLING, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(encode_line(good) + garbage + b"\n" + encode_line(good))
        assert list(read_events(path)) == [good, good]


@pytest.mark.parametrize(
    "line",
    [
        b'{"e":"job"}',
        b'{"e":"job","job":"1a2b3c4d.0","attempt":true,"state":"failed","at":"x"}',
        b'{"e":"job","job":"1a2b3c4d.0","attempt":1,"state":"of a newer version","at":"x"}',
        b'{"e":"of a newer version","at":"x"}',
        b'{"e":["job"]}',
        b"[" * 100_000,
        b"1" * 10_000,
        b"null",
        b"",
    ],
)
def test_lines_that_say_nothing_usable_are_skipped(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line + b"\n")
    assert list(read_events(path)) == []


def test_an_unknown_reason_and_an_absurd_clock_do_not_hide_a_change() -> None:
    data = change(JobState.FAILED, 1).to_json() | {"reason": "of a newer version", "mono": 10**400}
    event = event_from_json(data)
    assert isinstance(event, JobChanged)
    assert (event.state, event.reason, event.mono) == (JobState.FAILED, None, 0.0)


def test_figures_that_are_not_json_are_left_out_of_the_journal() -> None:
    event = JobChanged(
        JOB, 1, JobState.SUCCEEDED, "x", 1.0, score=Score("acc", 0.5, float("inf")), requests={"ok": float("nan")}
    )
    line = event.to_json()
    assert (line["score"], line["requests"]) == (Score("acc", 0.5).to_json(), {"ok": None})


def test_duration_is_monotonic_within_a_boot_and_wall_time_across_boots() -> None:
    start = change(JobState.RUNNING, 10, mono=100.0)
    # The clock was set back while the job ran.
    end = change(JobState.SUCCEEDED, 5, mono=130.5)
    same = EMPTY.fold([EngineStarted(1, "boot-1", ""), start, EngineStarted(2, "boot-1", ""), end])
    assert same.jobs[JOB].seconds == 30.5
    other = EMPTY.fold([EngineStarted(1, "boot-1", ""), start, EngineStarted(2, "boot-2", ""), end])
    assert other.jobs[JOB].seconds == 0.0
    late = change(JobState.FAILED, 40, mono=3.0)
    other = EMPTY.fold([EngineStarted(1, "boot-1", ""), start, EngineStarted(2, "boot-2", ""), late])
    assert other.jobs[JOB].seconds == 30.0


def test_a_job_that_never_ran_has_no_duration() -> None:
    view = EMPTY.fold([change(JobState.PULLING, 1), change(JobState.FAILED, 9)]).jobs[JOB]
    assert (view.started, view.seconds, view.ended) == (None, None, "2026-11-23T11:00:09.000Z")


def test_adopting_a_running_job_keeps_its_start() -> None:
    view = EMPTY.fold([change(JobState.RUNNING, 1), change(JobState.RUNNING, 30)]).jobs[JOB]
    assert view.started == "2026-11-23T11:00:01.000Z"


def test_a_rerun_is_a_new_attempt_and_only_the_next_one() -> None:
    ended = EMPTY.fold([KillRequested(JOB, 1, False, ""), change(JobState.KILLED, 2), RunFinished("")])
    assert ended.apply(RerunRequested(JOB, 3, "")) == ended
    again = ended.apply(RerunRequested(JOB, 2, ""))
    view = again.jobs[JOB]
    assert (view.state, view.attempt, view.kill_requested, view.ended) == (JobState.QUEUED, 2, 0, None)
    assert ended.finished
    assert not again.finished
    assert again.apply(RerunRequested(JOB, 2, "")) == again
    assert again.apply(change(JobState.FAILED, 9, attempt=1)) == again


def test_kill_requests_grow_and_belong_to_one_attempt() -> None:
    asked = EMPTY.apply(KillRequested(JOB, 1, True, "")).apply(KillRequested(JOB, 1, False, ""))
    assert asked.jobs[JOB].kill_requested == 2
    assert EMPTY.apply(KillRequested(JOB, 2, True, "")) == EMPTY


def test_counts_and_done() -> None:
    state = EMPTY.fold([change(JobState.SUCCEEDED, 1)])
    assert state.counts == {JobState.SUCCEEDED: 1, JobState.QUEUED: 1}
    assert not state.done
    assert state.apply(change(JobState.SKIPPED, 1, job=OTHER)).done


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        writer.append(Paused("1"))
        with files_at_most(path.stat().st_size + 10), pytest.raises(OSError):
            writer.append(Paused("2"))
        assert list(read_events(path)) == [Paused("1")]
        writer.append(Paused("3"))
    assert list(read_events(path)) == [Paused("1"), Paused("3")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    first = encode_line(Paused("1"))
    path.write_bytes(first + b'{"e":"unpau')
    events, offset = read_from(path, 0)
    assert (events, offset) == ([Paused("1")], len(first))
    path.write_bytes(first + encode_line(Unpaused("2")))
    assert read_from(path, offset)[0] == [Unpaused("2")]
