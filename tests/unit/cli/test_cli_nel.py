"""Scripts written for nemo-evaluator-launcher: its command lines, its JSON, and a program under its name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import click
import pytest
from evaldock.tui.cli.nel import translated, without_output

from .conftest import Machine, change

# What the launcher's own --help shows, version 0.2.6; and what evaldock is told.
LINES = [
    ("run --config a.yaml", "run --config a.yaml --detach"),
    ("run -v --config a.yaml --config_mode raw --dry_run", "run --config a.yaml --dry-run"),
    ("run --config-mode=hydra --config a.yaml -o a.b_c=1_000 -n", "run --config a.yaml -o a.b_c=1_000 -n"),
    (
        "run --run-config-file a.yaml --env_file .env -t ifeval.0",
        "run --config a.yaml --env-file .env -t ifeval.0 --detach",
    ),
    ("-v status 3f2a --json", "status 3f2a --json=nel"),
    ("status --verbose", "status"),
    ("ls --json", "ls --json=nel"),
    ("ls tasks --json --from_container img_a", "ls tasks --json=nel --from-container img_a"),
    ("ls task ifeval --json", "ls task ifeval --json"),
    ("ls runs --executor local --limit 3", "ls runs --executor local --limit 3"),
    ("logs 3f2a", "logs 3f2a --follow --tail 15"),
    ("info 3f2a 90bc.0 --copy_logs a_b", "info 3f2a 90bc.0 --copy-logs a_b"),
    ("export 3f2a --output_dir=a_b", "export 3f2a --output-dir=a_b --dest local"),
    ("export 3f2a --dest mlflow", "export 3f2a --dest mlflow"),
    ("kill 3f2a.0", "kill 3f2a.0"),
    ("", ""),
]


@pytest.mark.parametrize(("line", "own"), LINES)
def test_command_lines_of_the_launcher_are_understood(line: str, own: str) -> None:
    assert translated(line.split()) == own.split()


def test_the_config_is_saved_where_it_is_wanted(machine: Machine, tmp_path: Path) -> None:
    assert without_output(["run", "--config_output", "d_e", "-n"]) == (["run", "-n"], "d_e")
    assert without_output(["run", "--config-output=d"]) == (["run"], "d")
    run = machine.run("3f2a90bc", "ifeval")
    assert machine.cli("nel", "status", "--config-output", tmp_path / "d").exit_code == 1
    assert not (tmp_path / "d").exists()
    assert machine.cli("nel", "ls", "runs", "--config-output", tmp_path / "d").exit_code == 0
    assert (tmp_path / "d" / "3f2a90bc_config.yml").read_text() == run.paths.config.read_text()


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(click.UsageError, match="hydra or raw"):
        translated(["run", "--config_mode", "odd"])


def test_json_in_the_launchers_shape(machine: Machine) -> None:
    run = machine.run("3f2a90bc", "ifeval", "gsm8k")
    machine.happen(run, change("3f2a90bc.0", "succeeded", second=3), change("3f2a90bc.1", "killed", second=4))
    own = json.loads(machine.cli("status", "3f2a90bc", "--json=nel").stdout)
    assert own == json.loads(machine.cli("nel", "status", "3f2a", "--json", "-v").stdout)
    assert [(entry["invocation"], entry["job_id"], entry["status"]) for entry in own] == [
        ("3f2a90bc", "3f2a90bc.0", "success"),
        ("3f2a90bc", "3f2a90bc.1", "killed"),
    ]
    assert own[0]["progress"].keys() == {"progress"}
    assert own[0]["data"].keys() == {"output_dir", "container", "eval_image"}
    assert own[1]["data"]["killed"] is True
    tasks = json.loads(machine.cli("nel", "ls", "tasks", "--json").stdout)["tasks"]
    assert len(tasks) == 421
    assert tasks[0].keys() == {"task", "endpoint_type", "harness", "container", "arch", "description"}


def test_exit_codes_and_sentences_are_evaldocks_own(machine: Machine) -> None:
    result = machine.cli("nel", "status", "ffffffff")
    assert result.exit_code == 2
    assert "is not the id" in result.stderr or "no run" in result.stderr.lower()
    assert machine.cli("nel", "frobnicate").exit_code == 2


def test_an_alias_is_a_program_of_that_name(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    made = machine.cli("alias", "nel", "--dir", folder)
    assert (made.exit_code, made.stdout) == (0, f"{folder}/nel\n")
    assert machine.cli("alias", "nel", "--dir", folder).exit_code == 0
    said = subprocess.run([folder / "nel", "--version"], capture_output=True, text=True, check=True).stdout
    assert said.startswith("evaldock ")
    (folder / "nel").write_text("#!/bin/sh\necho another\n")
    refused = machine.cli("alias", "nel", "--dir", folder)
    assert refused.exit_code == 2
    assert "is another program" in refused.stderr
    assert (folder / "nel").read_text().endswith("another\n")


def test_info_shows_and_copies_the_files_of_several_jobs(machine: Machine, tmp_path: Path) -> None:
    run, other = machine.run("3f2a90bc", "ifeval", "gsm8k"), machine.run("90bc3f2a", "ifeval")
    job = run.paths.job(run.job("3f2a90bc.0").dir_name)
    for path in (job.logs, job.artifacts):
        path.mkdir(parents=True, exist_ok=True)
    job.stdout.write_text("hello\n")
    (job.artifacts / "results.yml").write_text("results: {}\n")
    (job.artifacts / "secret").symlink_to("/etc/passwd")
    shown = machine.cli("info", "3f2a90bc.0", "90bc", "--logs", "--artifacts", "--config")
    assert shown.exit_code == 0, shown.stderr
    for line in (f"3f2a90bc.0 {job.artifacts}", f"3f2a90bc.0 {job.stdout}"):
        assert line in shown.stdout.splitlines()
    assert str(other.paths.root) in shown.stdout
    assert "3f2a90bc.1" not in shown.stdout
    copies = machine.cli("nel", "info", "3f2a90bc.0", "--copy_logs", tmp_path / "l", "--copy_artifacts", tmp_path / "a")
    assert copies.stdout.splitlines() == [f"{tmp_path}/l/3f2a90bc.0/logs", f"{tmp_path}/a/3f2a90bc.0/artifacts"]
    assert (tmp_path / "l/3f2a90bc.0/logs/stdout.log").read_text() == "hello\n"
    assert [path.name for path in (tmp_path / "a/3f2a90bc.0/artifacts").iterdir()] == ["results.yml"]
    (tmp_path / "file").write_text("")
    refused = machine.cli("info", "3f2a90bc.0", "--copy-logs", tmp_path / "file" / "x")
    assert refused.exit_code == 2
    assert "cannot be copied" in refused.stderr
    assert len(json.loads(machine.cli("info", "3f2a", "90bc", "--json").stdout)) == 2


def test_runs_are_listed_by_executor(machine: Machine) -> None:
    machine.run("3f2a90bc", "ifeval")
    assert "3f2a90bc" in machine.cli("ls", "runs", "--executor", "local").stdout
    assert machine.cli("ls", "runs", "--executor", "slurm").stdout == ""
