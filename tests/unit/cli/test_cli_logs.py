"""`logs`, `kill`, `resume` and `rerun` where no engine is needed."""

from __future__ import annotations

import json

from evaldock.core.base.lock import EngineLock
from evaldock.core.run.events import RerunRequested

from .conftest import Machine, change


def test_one_log_is_shown_byte_for_byte(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    content = b"one\r 50%\r100%\n\x1b[31mred\x1b[0m \xff\xfe\nno newline"
    run.paths.job("ifeval").stdout.write_bytes(content)
    assert machine.cli("logs", "3f2a").stdout_bytes == content
    assert machine.cli("logs", "3f2a", "-f").stdout_bytes == content
    assert machine.cli("logs", "3f2a", "-n", "1").stdout_bytes == b"no newline"
    assert machine.cli("logs", "3f2a", "-n", "0").stdout_bytes == b""


def test_several_logs_have_their_names_before_each_line(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("gsm8k", "failed")])
    run.paths.job("ifeval").stdout.write_bytes(b"a\nb\n")
    run.paths.job("gsm8k").stdout.write_bytes(b"c")
    assert machine.cli("logs").stdout == "ifeval | a\nifeval | b\ngsm8k  | c\n"


def test_following_begins_with_the_last_lines_and_ends_with_the_jobs(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    run.paths.job("ifeval").stdout.write_text("".join(f"{n}\n" for n in range(100)))
    result = machine.cli("logs", "-f")
    assert result.exit_code == 0
    assert result.stdout.split() == [str(n) for n in range(85, 100)]


def test_logs_of_an_earlier_attempt(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "failed")])
    machine.happen(run, RerunRequested("3f2a9c1d.0", 2, "2026-11-23T11:01:00.000Z"))
    old = run.paths.job("ifeval").attempt(1) / "logs"
    old.mkdir(parents=True)
    (old / "stdout.log").write_text("first\n")
    run.paths.job("ifeval").stdout.write_text("second\n")
    assert machine.cli("logs", "--attempt", "1").stdout == "first\n"
    assert machine.cli("logs", "--attempt", "2").stdout == "second\n"
    assert machine.cli("logs", "--attempt", "3").exit_code == 2


def test_killing_what_has_ended_says_so(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "failed")])
    result = machine.cli("kill", "3f2a", "--json")
    assert result.exit_code == 0
    assert [item["result"] for item in json.loads(result.stdout)] == ["already succeeded", "already failed"]
    assert list(run.paths.requests.iterdir()) == []


def test_kill_without_waiting_leaves_requests(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval", "mmlu")
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()
    try:
        result = machine.cli("kill", "3f2a9c1d.1", "--now", "--no-wait")
    finally:
        lock.release()
    assert result.exit_code == 0
    assert "asked to stop, still queued" in result.stdout
    assert [path.name for path in run.paths.requests.iterdir()] == ["kill-3f2a9c1d.1-force"]


def test_an_unknown_id_keeps_the_known_ones_alive(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval")
    assert machine.cli("kill", "3f2a9c1d", "0bad").exit_code == 2
    assert list(run.paths.requests.iterdir()) == []


def test_resume_when_there_is_nothing_to_resume(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    assert "has ended" in machine.cli("resume", "3f2a").stderr
    assert machine.cli("resume", "3f2a9c1d.0").exit_code == 2
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()
    try:
        result = machine.cli("resume", "3f2a")
    finally:
        lock.release()
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing to resume" in result.stderr


def test_rerun_refuses_what_has_not_ended(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "ifeval")
    machine.happen(run, change("3f2a9c1d.0", "running"))
    result = machine.cli("rerun", "3f2a9c1d.0")
    assert result.exit_code == 2
    assert "evaldock kill 3f2a9c1d.0" in result.stderr


def test_rerun_of_a_run_that_succeeded_is_no_work(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    assert machine.cli("rerun", "3f2a", "--failed").exit_code == 0
    assert list(run.paths.requests.iterdir()) == []
