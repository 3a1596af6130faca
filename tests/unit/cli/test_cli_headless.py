"""Headless runs: an engine in this process, its reporter, its signals and exit codes."""

from __future__ import annotations

import io
import json
import signal
from dataclasses import replace
from typing import Any

import pytest
from evaldock.core.engine.executor import ExecutorUnavailable
from evaldock.core.run.events import JobState
from evaldock.core.run.status import JobStatus, Progress
from evaldock.core.run.store import Run
from evaldock.tui.cli.exit_codes import ExitCode
from evaldock.tui.cli.foreground import drive
from evaldock.tui.cli.reporter import JsonReporter, Out, PlainReporter
from evaldock.tui.cli.style import Style

from .conftest import SCORE, Machine
from .pretended import Told


def _json_run(run: Run, executor: Told) -> tuple[ExitCode, list[dict[str, Any]]]:
    stream = io.StringIO()
    code = drive(run, {}, JsonReporter(Out(stream)), executor)
    return code, [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_of_a_run_that_fails(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval", "mmlu")
    code, lines = _json_run(run, Told(code=3))
    assert code is ExitCode.FAILED
    assert lines[0]["event"] == "launch"
    assert lines[0]["jobs"][0] == {"job": "3f2a9c1d.0", "task": "ifeval", "image": "busybox:1"}
    assert lines[0]["run_dir"] == str(run.paths.root)
    assert {line["event"] for line in lines[1:-1]} == {"job"}
    mine = [line["state"] for line in lines[1:-1] if line["job"] == "3f2a9c1d.0"]
    assert mine == ["starting", "running", "failed"]
    assert lines[-1]["event"] == "done"
    assert lines[-1]["exit_code"] == 1
    assert lines[-1]["jobs"] == run.views()
    transition = next(line for line in lines[1:-1] if line["state"] == "failed")
    assert set(run.views()[0]) <= set(transition)


def test_a_run_that_succeeds(machine: Machine) -> None:
    code, lines = _json_run(machine.run("3f2a9c1d", "ifeval"), Told())
    assert code is ExitCode.OK
    assert lines[-1]["jobs"][0]["score"]["value"] == 0.75


def test_the_first_interrupt_stops_the_tasks(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval", "mmlu", "gsm8k")
    executor = Told(endless=True, signals=1)
    code, lines = _json_run(run, executor)
    assert code is ExitCode.INTERRUPTED
    assert lines[-1]["exit_code"] == 130
    assert {job["state"] for job in lines[-1]["jobs"]} == {"killed"}
    assert executor.stopped.is_set()
    assert not executor.killed.is_set()


def test_the_second_interrupt_kills_them(machine: Machine) -> None:
    executor = Told(endless=True, deaf=True, signals=2)
    code, lines = _json_run(machine.run("3f2a9c1d", "ifeval"), executor)
    assert code is ExitCode.INTERRUPTED
    assert executor.killed.is_set()
    assert lines[-1]["jobs"][0]["state"] == "killed"


def test_signal_handlers_are_put_back(machine: Machine) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    _json_run(machine.run("3f2a9c1d", "ifeval"), Told())
    after = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    assert after == before


def test_what_the_engine_raises_comes_through(machine: Machine) -> None:
    executor = Told()
    executor.down = "Docker is not running."
    with pytest.raises(ExecutorUnavailable, match="not running"):
        _json_run(machine.run("3f2a9c1d", "ifeval"), executor)


class _Gone(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError


def test_a_reader_that_goes_away_does_not_end_the_run(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval")
    assert drive(run, {}, PlainReporter(Out(_Gone()), Style()), Told()) is ExitCode.OK
    assert run.views()[0]["state"] == "succeeded"


def test_a_face_that_breaks_leaves_the_tasks_running(machine: Machine) -> None:
    class Broken(JsonReporter):
        def changed(self, row: JobStatus, at: str) -> None:
            if row.state == "running":
                raise RuntimeError("a defect")

    run = machine.run("3f2a9c1d", "ifeval")
    executor = Told(endless=True)
    with pytest.raises(RuntimeError, match="a defect"):
        drive(run, {}, Broken(Out(io.StringIO())), executor)
    assert run.views()[0]["state"] == "running"
    assert not executor.stopped.is_set()


def test_plain_lines_and_table(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval", "a-longer-name")
    stream = io.StringIO()
    drive(run, {}, PlainReporter(Out(stream), Style()), Told())
    text = stream.getvalue()
    lines = text.splitlines()
    assert lines[0].startswith("run 3f2a9c1d  2 tasks")
    assert any("✓ succeeded  ifeval         00:00  score 0.750 ±0.010" in line for line in lines)
    assert f"2 succeeded.  Files: {run.paths.root}" in lines
    assert "ifeval/logs/stdout.log" in text
    assert "\x1b" not in text
    assert "\r" not in text


def test_plain_text_in_ascii(machine: Machine) -> None:
    stream = io.StringIO()
    drive(machine.run("3f2a9c1d", "ifeval"), {}, PlainReporter(Out(stream), Style(ascii=True)), Told())
    assert stream.getvalue().isascii()
    assert "+ succeeded" in stream.getvalue()


def test_a_failed_run_says_how_to_run_it_again(machine: Machine) -> None:
    stream = io.StringIO()
    drive(machine.run("3f2a9c1d", "ifeval"), {}, PlainReporter(Out(stream), Style()), Told(code=3))
    assert "evaldock rerun 3f2a9c1d --failed" in stream.getvalue()


def test_the_status_line_is_wiped_before_anything_else() -> None:
    stream = io.StringIO()
    reporter = PlainReporter(Out(stream), Style(live=True, width=60))
    row = JobStatus("1.0", "1", "ifeval", JobState.RUNNING, progress=Progress(50, 200), seconds=3.0)
    reporter.tick([row])
    assert stream.getvalue().startswith("\r\x1b[K")
    assert "1 running  (ifeval 50/200 25%)" in stream.getvalue()
    assert "\n" not in stream.getvalue()
    stream.truncate(0)
    reporter.changed(replace(row, state=JobState.SUCCEEDED, score=SCORE), "2026-11-23T11:00:00.000Z")
    assert stream.getvalue().lstrip("\0").startswith("\r\x1b[K")
    assert stream.getvalue().endswith("score 0.781 ±0.011\n")


def test_the_heartbeat_waits_for_silence() -> None:
    reporter = PlainReporter(Out(io.StringIO()), Style())
    assert not reporter.wants_rows()
