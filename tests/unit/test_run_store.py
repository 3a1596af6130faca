"""Reading runs, asking their engine for things, the engine's lock and the index."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from evaldock.core.base.clock import Moment, boot_id, utc_iso
from evaldock.core.base.lock import EngineLock
from evaldock.core.control.ask import ask_kill, ask_pause, ask_rerun, ask_unpause
from evaldock.core.run import index
from evaldock.core.run.access import RequestRefused
from evaldock.core.run.events import EngineStarted, JobChanged, JobState, KillRequested, Paused
from evaldock.core.run.journal import JournalWriter, read_events
from evaldock.core.run.requests import KillRequest, PauseRequest, RerunRequest, done, take_requests
from evaldock.core.run.score import Score
from evaldock.core.run.status import Progress
from evaldock.core.run.store import Run, RunDamaged

from .test_run_layout import NOW, new_run, state_env
from .test_run_state import JOB, OTHER, change

SCORE = Score("acc", 0.5, 0.1, 20)


def record(run: Run, *events: JobChanged | EngineStarted | KillRequested) -> None:
    with JournalWriter(run.paths.journal) as writer:
        for event in events:
            writer.append(event)


def after(seconds: float) -> Moment:
    """So many seconds after the run was made, by the wall clock."""
    return Moment(utc_iso(NOW + timedelta(seconds=seconds)))


def test_views_show_what_the_journal_says(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    end = JobChanged(JOB, 1, JobState.SUCCEEDED, "2026-11-23T11:00:30.000Z", 30.0, exit_code=0, score=SCORE)
    record(run, change(JobState.RUNNING, 10), end, change(JobState.RUNNING, 20, job=OTHER))
    first, second = (status.to_json() for status in run.statuses(after(50)))
    assert first == {
        "job": JOB,
        "invocation": "1a2b3c4d",
        "task": "alpha",
        "state": "succeeded",
        "reason": None,
        "detail": "",
        "attempt": 1,
        "exit_code": 0,
        "progress": None,
        "requests": None,
        "started": "2026-11-23T11:00:10.000Z",
        "ended": "2026-11-23T11:00:30.000Z",
        "seconds": 20.0,
        "score": SCORE.to_json(),
        "log": str(run.paths.root / "alpha/logs/stdout.log"),
        "run_dir": str(run.paths.root),
        "overrides": [],
        "repeat": None,
        "external": "externally unverified",
    }
    assert (second["state"], second["seconds"], second["ended"]) == ("running", 30.123, None)
    json.dumps([first, second], allow_nan=False)


def test_seconds_of_a_running_job_do_not_follow_a_clock_that_is_set(tmp_path: Path) -> None:
    if not boot_id():
        pytest.skip("this system does not name its boots")
    run = new_run(tmp_path)
    record(run, EngineStarted(1, boot_id(), ""), JobChanged(JOB, 1, JobState.RUNNING, "2999-01-01T00:00:00Z", 0.5))
    seconds = run.views()[0]["seconds"]
    assert isinstance(seconds, float)
    assert seconds > 0


def test_progress_comes_from_live_figures_or_the_file_of_the_task(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    record(run, change(JobState.RUNNING, 1), change(JobState.RUNNING, 1, job=OTHER))
    run.paths.live.write_text(json.dumps({"jobs": {JOB: {"progress": 7}}}))
    (run.paths.job("alpha").artifacts / "progress").write_text("3")
    (run.paths.job("beta").artifacts / "progress").write_text("12\n")
    assert [status.progress for status in run.statuses(after(1))] == [Progress(7, 20), Progress(12, 20)]
    run.paths.live.write_text('{"jobs": [')
    (run.paths.job("beta").artifacts / "progress").write_text("many")
    assert run.live() == {}
    assert [status.progress for status in run.statuses(after(1))] == [Progress(3, 20), None]


def test_state_reads_on_and_survives_a_repair(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    record(run, change(JobState.PULLING, 1))
    assert run.state().jobs[JOB].state is JobState.PULLING
    with open(run.paths.journal, "ab") as journal:
        journal.write(b'{"e":"job","job":"1a2')
    assert run.state().jobs[JOB].state is JobState.PULLING
    record(run, change(JobState.RUNNING, 2))
    assert run.state().jobs[JOB].state is JobState.RUNNING
    assert run.state() == Run.open(run.paths.root).state()


def test_damage_is_told_in_a_sentence(tmp_path: Path) -> None:
    root = new_run(tmp_path).paths.root
    (root / "journal.jsonl").write_bytes(b"garbage\n\xff\n")
    with pytest.raises(RunDamaged, match="no line of it can be read"):
        Run.open(root)
    (root / "journal.jsonl").unlink()
    with pytest.raises(RunDamaged, match="cannot be read"):
        Run.open(root)
    plan = (root / "plan.json").read_text()
    for damaged in ("", plan[:100], "[]", "{}", "null", plan.replace('"alpha"', '"../alpha"'), "[" * 99_999):
        (root / "plan.json").write_text(damaged)
        with pytest.raises(RunDamaged, match="is damaged"):
            Run.open(root)
    with pytest.raises(RunDamaged, match="is not a run"):
        Run.open(tmp_path)


def test_summary_tells_an_interrupted_run_from_a_running_one(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    record(run, change(JobState.SUCCEEDED, 1))
    summary = run.summary()
    assert summary["state"] == "interrupted"
    assert summary["counts"] == {"succeeded": 1, "queued": 1}
    assert (summary["created"], summary["model"], summary["tasks"], summary["engine"]) == (
        "2026-11-23T11:00:00.123Z",
        "model",
        ["alpha", "beta"],
        None,
    )
    with EngineLock(run.paths.lock) as lock:
        assert lock.acquire()
        assert (run.summary()["state"], run.summary()["engine"]) == ("running", os.getpid())
    record(run, change(JobState.FAILED, 1, job=OTHER))
    assert run.summary()["state"] == "failed"


def test_only_one_engine_gets_the_lock(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    first, second = EngineLock(run.paths.lock), EngineLock(run.paths.lock)
    assert run.engine_alive() is None
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    assert run.engine_alive() == os.getpid()
    first.release()
    assert run.engine_alive() is None
    assert second.acquire()
    second.release()


def test_readers_that_probe_do_not_keep_an_engine_from_its_lock(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    stop = threading.Event()

    def probe() -> None:
        while not stop.is_set():
            run.engine_alive()

    threads = [threading.Thread(target=probe) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            lock = EngineLock(run.paths.lock)
            assert lock.acquire()
            lock.release()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_the_lock_of_a_killed_engine_is_free_and_its_pid_is_not_believed(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    code = (
        "import sys; from pathlib import Path; from evaldock.core.base.lock import EngineLock; "
        "print(EngineLock.acquire(lock := EngineLock(Path(sys.argv[1]))), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(run.paths.lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"True\n"
        assert run.engine_alive() == engine.pid
        engine.send_signal(signal.SIGKILL)
        engine.wait()
    assert run.paths.lock.with_name("engine.pid").exists()
    assert run.engine_alive() is None
    with EngineLock(run.paths.lock) as lock:
        assert lock.acquire()


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with JournalWriter(path) as writer:
        threads = [
            threading.Thread(target=lambda n=n: [writer.append(Paused(f"{n}.{i}")) for i in range(50)])
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(event.at for event in read_events(path)) == sorted(f"{n}.{i}" for n in range(8) for i in range(50))


def test_requests_are_idempotent_and_open_until_done(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    assert ask_kill(run, JOB)
    assert not ask_kill(run, JOB)
    assert ask_kill(run, JOB, force=True)
    assert ask_pause(run)
    taken = take_requests(run.paths)
    assert sorted(map(str, taken)) == sorted(map(str, take_requests(run.paths)))
    assert KillRequest(JOB, False) in taken
    assert KillRequest(JOB, True) in taken
    assert PauseRequest(True) in taken
    for request in taken:
        done(request)
        done(request)
    assert take_requests(run.paths) == []
    assert ask_kill(run, JOB)


def test_requests_come_in_the_order_they_were_made_and_the_last_pause_wins(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    for age, ask in enumerate((OTHER, JOB)):
        ask_kill(run, ask)
        os.utime(run.paths.requests / f"kill-{ask}", ns=(age, age))
    assert take_requests(run.paths) == [KillRequest(OTHER, False), KillRequest(JOB, False)]
    ask_pause(run)
    ask_unpause(run)
    assert take_requests(run.paths)[2:] == [PauseRequest(False)]
    ask_pause(run)
    assert take_requests(run.paths)[2:] == [PauseRequest(True)]


def test_a_rerun_names_its_attempt_and_needs_an_ended_job(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    with pytest.raises(RequestRefused, match="is queued"):
        ask_rerun(run, JOB)
    record(run, change(JobState.FAILED, 1))
    assert ask_rerun(run, JOB)
    assert not ask_rerun(run, JOB)
    assert not ask_kill(run, JOB)
    assert take_requests(run.paths) == [RerunRequest(JOB, 2)]


def test_requests_that_make_no_sense(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    for ask in (ask_kill, ask_rerun):
        with pytest.raises(RequestRefused, match=r"There is no job 1a2b3c4d\.9"):
            ask(run, "1a2b3c4d.9")
    for name in ("kill-..0", ".kill-1a2b3c4d.0.tmp", "dance", "rerun-1a2b3c4d.0-0"):
        (run.paths.requests / name).touch()
    assert take_requests(run.paths) == []
    run.paths.requests.rename(tmp_path / "gone")
    assert take_requests(run.paths) == []
    with pytest.raises(RequestRefused, match="Cannot leave a request"):
        ask_kill(run, JOB)


def runs(tmp_path: Path, *invocations: str) -> list[Run]:
    """Runs made one after the other, a minute apart."""
    times: list[datetime] = [NOW + timedelta(minutes=n) for n in range(len(invocations))]
    return [new_run(tmp_path, invocation=name, now=time) for name, time in zip(invocations, times, strict=True)]


def test_runs_are_found_by_any_unique_prefix(tmp_path: Path) -> None:
    env = state_env(tmp_path)
    first, _, third = runs(tmp_path, "aa111111", "aa222222", "b0000000")
    assert index.find("b", env).run.invocation == third.invocation
    assert index.find("AA1", env).job_id is None
    assert index.find("aa1.1", env).job_id == "aa111111.1"
    assert index.find("aa111111.0", env).run.paths == first.paths
    assert index.find(f"{first.paths.root}/", env).run.invocation == "aa111111"
    with pytest.raises(index.AmbiguousId, match="aa222222, aa111111") as caught:
        index.find("aa", env)
    assert caught.value.matches == ("aa222222", "aa111111")
    for text in ("c", "zz", "", "aa1.x", "aa1.2", "1a2b3c4d5", "./nowhere"):
        with pytest.raises(index.NotFound):
            index.find(text, env)


def test_listing_is_newest_first_and_skips_what_is_gone(tmp_path: Path) -> None:
    env = state_env(tmp_path)
    first, second, third = runs(tmp_path, "c0000000", "b0000000", "a0000000")
    assert [run.invocation for run in index.list_runs(env)] == ["a0000000", "b0000000", "c0000000"]
    third.paths.root.rename(tmp_path / "moved")
    (second.paths.plan).write_text("{")
    folder = index.state_dir(env) / "runs"
    (folder / "12345678.json").write_text("not json")
    (folder / "12345679.json").write_text('{"root": 1}')
    (folder / "1234567a.json").write_text(json.dumps({"root": str(first.paths.root)}))
    assert [run.invocation for run in index.list_runs(env)] == ["c0000000"]
    assert index.last_run(env).invocation == "c0000000"


def test_a_scan_finds_runs_again(tmp_path: Path) -> None:
    runs(tmp_path, "c0000000", "b0000000")
    env = state_env(tmp_path / "elsewhere")
    assert index.list_runs(env) == []
    with pytest.raises(index.NotFound, match="no run yet"):
        index.last_run(env)
    assert [run.invocation for run in index.scan(tmp_path / "out", env)] == ["b0000000", "c0000000"]
    assert [run.invocation for run in index.list_runs(env)] == ["b0000000", "c0000000"]
    assert index.scan(tmp_path / "nowhere", env) == []


def test_a_relative_state_home_is_ignored(tmp_path: Path) -> None:
    assert index.state_dir({"XDG_STATE_HOME": "here", "HOME": str(tmp_path)}) == tmp_path / ".local/state/evaldock"
