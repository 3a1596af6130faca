"""`status`, `ls runs` and `ls tasks`: what they print and how they exit."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from evaldock.core.base.lock import EngineLock

from .conftest import SCORE, Machine, change


def test_no_runs_yet(machine: Machine) -> None:
    result = machine.cli("status")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no runs yet" in result.stderr
    assert json.loads(machine.cli("status", "--json").stdout) == []


def test_json_is_the_objects_of_the_run(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "failed")])
    result = machine.cli("status", "3f2a", "--json")
    rows = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [row["job"] for row in rows] == ["3f2a9c1d.0", "3f2a9c1d.1"]
    assert rows[0]["score"] == SCORE.to_json()
    assert rows[0]["seconds"] == 41
    assert rows[1]["log"] == str(run.paths.job("mmlu").stdout)


def test_table_tells_state_score_and_log(machine: Machine) -> None:
    run = machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    result = machine.cli("status", "3f2a9c1d.0")
    assert result.exit_code == 0
    assert "✓ succeeded" in result.stdout
    assert "0.781 ±0.011" in result.stdout
    assert "00:41" in result.stdout
    assert str(run.paths.job("ifeval").stdout) in result.stdout
    assert "\x1b" not in result.stdout


def test_a_failure_says_why(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    detail = "out of memory at 1 GiB\x1b]52;c;aGk=\x07"
    machine.happen(run, change("3f2a9c1d.0", "failed", detail=detail, exit_code=137))
    result = machine.cli("status")
    assert "out of memory at 1 GiB, exit 137" in result.stdout
    assert "\x1b" not in result.stdout


def test_an_invalid_score_is_marked(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    score = replace(SCORE, validity="invalid", why="12 of 40 requests failed")
    machine.happen(run, change("3f2a9c1d.0", "succeeded", score=score))
    result = machine.cli("status")
    assert "! succeeded" in result.stdout
    assert "! invalid" in result.stdout
    assert "12 of 40 requests failed" in result.stdout
    (row,) = json.loads(machine.cli("status", "--json").stdout)
    assert (row["score"]["valid"], row["score"]["validity"]) == (False, "invalid")


def test_a_suspect_score_is_one_with_a_warning(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    score = replace(SCORE, validity="suspect", why="30 of 40 answers were cut off by the token limit.")
    machine.happen(run, change("3f2a9c1d.0", "succeeded", score=score))
    result = machine.cli("status")
    assert "✓ succeeded" in result.stdout
    assert "0.781 ±0.011 ! suspect" in result.stdout
    assert "30 of 40 answers were cut off" in result.stdout


def test_requests_rate_and_time_left_of_a_job_that_runs(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu", samples=200)
    machine.happen(run, change("3f2a9c1d.0", "running", second=1))
    requests = {"sent": 1204, "ok": 100, "failed": 0, "answers": 100, "in_flight": 4, "rate": 4.2, "minute_rate": 0.5}
    run.paths.live.write_text(json.dumps({"jobs": {"3f2a9c1d.0": {"progress": 100, "requests": requests}}}))
    head, line = machine.cli("status").stdout.splitlines()[2:4]
    assert all(title in head for title in ("PROGRESS", "REQ", "REQ/S", "LEFT"))
    assert all(cell in line for cell in ("100/200 50%", "1,204", "4.2", "03:20"))
    (row,) = json.loads(machine.cli("status", "--json").stdout)
    assert row["progress"] == {"done": 100, "total": 200, "left": 200.0}
    assert (row["requests"]["sent"], row["requests"]["in_flight"], row["requests"]["rate"]) == (1204, 4, 4.2)


def test_requests_of_a_job_that_has_ended(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    counts = {"total": 12, "ok": 9, "by_status": [["200", 9], ["500", 3]], "cancelled": 1, "retried": 4}
    machine.happen(run, change("3f2a9c1d.0", "running"), change("3f2a9c1d.0", "failed", second=5, requests=counts))
    (row,) = json.loads(machine.cli("status", "--json").stdout)
    assert row["requests"] == {
        "sent": 13, "ok": 9, "failed": 3, "cancelled": 1, "retried": 4, "cached": 0, "in_flight": 0, "rate": None,
        "by_status": {"200": 9, "500": 3},
    }  # fmt: skip


def test_what_is_wrong_with_a_job_that_runs_is_told_early(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    machine.happen(run, change("3f2a9c1d.0", "running"))
    run.paths.live.write_text(json.dumps({"jobs": {"3f2a9c1d.0": {"note": "The endpoint rejected the API key."}}}))
    assert "The endpoint rejected the API key." in machine.cli("status").stdout


def test_unfinished_jobs_without_an_engine_are_told(machine: Machine) -> None:
    run = machine.run("3f2a9c1d", "mmlu")
    result = machine.cli("status", "--json")
    assert result.exit_code == 1
    assert "evaldock resume 3f2a9c1d" in result.stderr
    json.loads(result.stdout)
    lock = EngineLock(run.paths.lock)
    assert lock.acquire()
    try:
        result = machine.cli("status")
    finally:
        lock.release()
    assert (result.exit_code, result.stderr) == (0, "")
    assert "engine " in result.stdout


@pytest.mark.parametrize("command", ["status", "logs", "kill", "rerun", "resume"])
def test_unknown_and_ambiguous_ids(machine: Machine, command: str) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "succeeded")])
    machine.finished("3f2b0000", [("ifeval", "succeeded")])
    for text in ("0bad", "3f2", "3f2a9c1d.7", "not-an-id"):
        result = machine.cli(command, text)
        assert (result.exit_code, result.stdout) == (2, ""), text
        assert result.stderr.startswith("evaldock: ")
    assert "3f2b0000, 3f2a9c1d" in machine.cli(command, "3f2").stderr


def test_several_ids_of_one_run_are_one_table(machine: Machine) -> None:
    machine.finished("3f2a9c1d", [("a", "succeeded"), ("b", "succeeded"), ("c", "failed")])
    rows = json.loads(machine.cli("status", "3f2a9c1d.1", "3f2a9c1d.0", "3f2a9c1d.1", "--json").stdout)
    assert [row["task"] for row in rows] == ["a", "b"]


def test_ls_runs(machine: Machine) -> None:
    machine.finished("11111111", [("ifeval", "succeeded")])
    machine.finished("22222222", [("ifeval", "failed"), ("mmlu", "succeeded")])
    found = json.loads(machine.cli("ls", "runs", "--json").stdout)
    assert {run["invocation"]: run["state"] for run in found} == {"11111111": "succeeded", "22222222": "failed"}
    assert len(json.loads(machine.cli("ls", "runs", "--limit", "1", "--json").stdout)) == 1
    assert json.loads(machine.cli("ls", "runs", "--since", "2999-01-01", "--json").stdout) == []
    assert len(json.loads(machine.cli("ls", "runs", "--since", "2026-11-20", "--json").stdout)) == 2
    text = machine.cli("ls", "runs").stdout
    assert "11111111" in text
    assert "✗ failed" in text


def test_ls_runs_scan_finds_runs_whose_pointers_are_gone(machine: Machine) -> None:
    machine.finished("11111111", [("ifeval", "succeeded")])
    for pointer in (machine.root / "state/evaldock/runs").iterdir():
        pointer.unlink()
    assert json.loads(machine.cli("ls", "runs", "--json").stdout) == []
    found = json.loads(machine.cli("ls", "runs", "--scan", machine.output, "--json").stdout)
    assert [run["invocation"] for run in found] == ["11111111"]
    assert machine.cli("status", "1111").exit_code == 0


@pytest.mark.parametrize("since", ["5 apples", "xd", "", "99999999999d"])
def test_ls_runs_since_must_be_a_time(machine: Machine, since: str) -> None:
    result = machine.cli("ls", "runs", "--since", since)
    assert result.exit_code == 2
    assert "--since" in result.stderr


def test_ls_tasks_filters(machine: Machine) -> None:
    everything = json.loads(machine.cli("ls", "tasks", "--json").stdout)
    assert len(everything) > 100
    assert json.loads(machine.cli("ls", "--json").stdout) == everything
    some = json.loads(machine.cli("ls", "tasks", "ifeval", "--endpoint", "chat", "--json").stdout)
    assert some
    assert all("ifeval" in f"{task['harness']}.{task['task']}".lower() for task in some)
    assert all("chat" in task["endpoint_types"] for task in some)
    harness = everything[0]["harness"]
    only = json.loads(machine.cli("ls", "tasks", "--harness", harness, "--json").stdout)
    assert {task["harness"] for task in only} == {harness}
    assert machine.cli("ls", "if*val").stdout.rstrip().endswith(("task", "tasks"))


def test_ls_tasks_without_a_match_talks_on_stderr(machine: Machine) -> None:
    result = machine.cli("ls", "tasks", "no-such-task-anywhere")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No task fits" in result.stderr
