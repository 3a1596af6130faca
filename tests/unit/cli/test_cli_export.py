"""`export --dest local` in the layout of nemo-evaluator-launcher, and `execution.auto_export` after a run."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from evaldock.core.results.auto_export import auto_export
from evaldock.core.run.store import Run

from .conftest import Machine

RESULTS = """\
results:
  tasks:
    ifeval:
      metrics:
        acc: {scores: {micro: {value: 0.75, stats: {stderr: 0.02, count: 40}}}}
        loose: {scores: {micro: {value: 0.8, stats: {}}}}
"""


@pytest.fixture
def run(machine: Machine) -> Run:
    made = machine.finished("3f2a9c1d", [("ifeval", "succeeded"), ("mmlu", "succeeded"), ("gpqa", "failed")])
    artifacts = made.paths.job("ifeval").artifacts
    artifacts.mkdir(parents=True, exist_ok=True)
    (artifacts / "results.yml").write_text(RESULTS)
    return made


def entry_of(path: Path, task: str) -> dict[str, Any]:
    (entry,) = json.loads(path.read_text())["benchmarks"][task]["models"]["tiny"]
    return entry


def wants(run: Run, **tree: object) -> None:
    """Make the run one whose config said this."""
    run.paths.config.write_text(yaml.safe_dump(tree))


def test_local_is_a_file_a_job_and_one_for_all(run: Run, machine: Machine, tmp_path: Path) -> None:
    result = machine.cli("export", "3f2a", "--dest", "local", "-out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    written = [Path(line).relative_to(tmp_path / "out") for line in result.stdout.splitlines()]
    assert [str(path.parent) for path in written] == ["3f2a9c1d/3f2a9c1d.0", "3f2a9c1d/3f2a9c1d.1", "."]
    entry = entry_of(tmp_path / "out" / "processed_results.json", "ifeval")
    assert entry["scores"] == {"ifeval_acc_micro": 0.75, "ifeval_loose_micro": 0.8}
    assert entry["stats"]["ifeval_acc_micro"] == {"stderr": 0.02, "n": 40}
    assert (entry["job_id"], entry["harness"], entry["validity"]) == ("3f2a9c1d.0", "h", "valid")
    assert entry_of(tmp_path / "out" / "processed_results.json", "mmlu")["scores"] == {"ifeval_acc": 0.7812}


def test_local_adds_to_what_is_there_and_replaces_the_same_job(run: Run, machine: Machine, tmp_path: Path) -> None:
    machine.finished("aaaa0000", [("ifeval", "succeeded"), ("mmlu", "succeeded")])
    for identity in ("3f2a", "aaaa", "3f2a"):
        assert machine.cli("export", identity, "--dest", "local", "--output-dir", tmp_path / "out").exit_code == 0
    tree = json.loads((tmp_path / "out" / "processed_results.json").read_text())
    jobs = [entry["job_id"] for entry in tree["benchmarks"]["ifeval"]["models"]["tiny"]]
    assert sorted(jobs) == ["3f2a9c1d.0", "aaaa0000.0"]


def test_local_as_csv_has_a_column_a_score(run: Run, machine: Machine, tmp_path: Path) -> None:
    for _ in range(2):
        assert machine.cli("export", "--dest", "local", "--format", "csv", "-out", tmp_path).exit_code == 0
    with (tmp_path / "processed_results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["Task Name"], row["ifeval_acc_micro"], row["ifeval_acc"]) for row in rows] == [
        ("ifeval", "0.75", ""),
        ("mmlu", "", "0.7812"),
    ]


def test_local_writes_nothing_over_what_is_no_export(run: Run, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "processed_results.json").write_text("my notes")
    result = machine.cli("export", "--dest", "local", "--output-dir", tmp_path)
    assert result.exit_code == 1 and "is no JSON" in result.output
    assert (tmp_path / "processed_results.json").read_text() == "my notes"


def test_one_job_alone(run: Run, machine: Machine, tmp_path: Path) -> None:
    assert machine.cli("export", "3f2a.1", "--dest", "json", "--output-dir", tmp_path).exit_code == 0
    (row,) = json.loads((tmp_path / "3f2a9c1d.json").read_text())
    assert (row["job"], row["task"]) == ("3f2a9c1d.1", "mmlu")


def test_a_run_without_a_score_is_said_to_have_none(machine: Machine, tmp_path: Path) -> None:
    machine.finished("3f2a9c1d", [("ifeval", "failed")])
    result = machine.cli("export", "--dest", "local", "--output-dir", tmp_path)
    assert result.exit_code == 1 and "No task of run 3f2a9c1d has a score" in result.output


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "No MLflow server is named"),
        ("ftp://there", "is no address of an MLflow server"),
        ("http://127.0.0.1:1", "does not answer"),
    ],
)
def test_mlflow_that_is_not_there(run: Run, machine: Machine, address: str, words: str) -> None:
    result = machine.cli("export", "--dest", "mlflow", "--tracking-uri", address, MLFLOW_TRACKING_URI="")
    assert result.exit_code == 1 and words in result.output


def test_a_setting_without_a_value_is_a_mistake(run: Run, machine: Machine) -> None:
    result = machine.cli("export", "--dest", "mlflow", "-o", "experiment_name")
    assert result.exit_code == 2 and "KEY=VALUE" in result.output


def test_auto_export_delivers_what_it_can_and_writes_down_the_rest(run: Run) -> None:
    older = {
        "destinations": ["mlflow", "junit", "wandb"],
        "configs": {"mlflow": {"tracking_uri": "http://127.0.0.1:1"}},
    }
    wants(run, execution={"auto_export": older})
    junit, mlflow = auto_export(run, {})
    assert (junit.destination, junit.problem) == ("junit", "")
    assert Path(junit.places[0]).parent == run.paths.root / "exports"
    assert Path(junit.places[0]).read_text().count("<testcase") == 3
    assert (mlflow.destination, mlflow.places) == ("mlflow", ()) and "does not answer" in mlflow.problem
    recorded = json.loads((run.paths.root / "exports.json").read_text())
    assert [(one["destination"], bool(one["problem"])) for one in recorded] == [("junit", False), ("mlflow", True)]


def test_auto_export_goes_where_the_config_says(run: Run, tmp_path: Path) -> None:
    wants(
        run,
        execution={"auto_export": {"destinations": ["csv"], "configs": {"csv": {"output_dir": "elsewhere"}}}},
        export={"csv": {"output_dir": str(tmp_path / "reports")}},
    )
    (delivered,) = auto_export(run, {})
    assert delivered.places == (str(tmp_path / "reports" / "3f2a9c1d.csv"),)


@pytest.mark.parametrize("text", ["", "[", "execution: 7", "execution: {auto_export: [local]}"])
def test_without_a_wish_nothing_is_delivered(run: Run, text: str) -> None:
    run.paths.config.write_text(text)
    assert auto_export(run, {}) == []
    assert not (run.paths.root / "exports.json").exists()


def test_local_names_filters_and_copies_as_the_launcher_does(run: Run, machine: Machine, tmp_path: Path) -> None:
    job = run.paths.job("ifeval")
    job.logs.mkdir(parents=True, exist_ok=True)
    job.stdout.write_text("hello\n")
    (job.artifacts / "samples.jsonl").write_text("{}\n")
    (job.artifacts / "secret").symlink_to("/etc/passwd")
    out, words = tmp_path / "out", ["export", "3f2a.0", "--dest", "local", "-out", tmp_path / "out"]
    result = machine.cli(*words, "-fname", "all.json", "--log-metrics", "LOOSE", "--copy-logs", "--copy-artifacts")
    assert result.exit_code == 0, result.output
    folder = out / "3f2a9c1d" / "3f2a9c1d.0"
    assert result.stdout.splitlines() == [f"{folder}/all.json", f"{folder}/logs", f"{folder}/artifacts"]
    assert entry_of(folder / "all.json", "ifeval")["scores"] == {"ifeval_loose_micro": 0.8}
    assert (folder / "logs" / "stdout.log").read_text() == "hello\n"
    assert [path.name for path in (folder / "artifacts").iterdir()] == ["results.yml"]
    assert machine.cli(*words, "--copy-artifacts", "--all-files").exit_code == 0
    assert sorted(path.name for path in (folder / "artifacts").iterdir()) == ["results.yml", "samples.jsonl"]
    refused = machine.cli(*words, "-fname", "../x.json")
    assert refused.exit_code != 0
    assert "is the name of a file, not '../x.json'" in refused.stderr
    assert machine.cli("export", "3f2a", "--dest", "csv", "--copy-logs").exit_code == 2


def test_runs_that_nobody_registered_are_found(run: Run, machine: Machine, tmp_path: Path) -> None:
    state = tmp_path / "elsewhere"
    words = ["export", "3f2a", "--dest", "json", "-out", tmp_path / "out"]
    assert machine.cli(*words, XDG_STATE_HOME=str(state)).exit_code == 2
    assert machine.cli(*words, "--job-dirs", machine.output, XDG_STATE_HOME=str(state)).exit_code == 0
