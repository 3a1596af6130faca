"""What programs read of evaldock is pinned whole: every `--json` form, the dry run, exports, and a run's files.

A change here is a change of a contract: it belongs into the changelog.
"""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaldock.core.catalog.load import catalog_dirs, load_catalog
from evaldock.core.config.load import load_config
from evaldock.core.plan.make import make_plan
from evaldock.core.results.report import report_tree
from evaldock.core.run.layout import create_run
from evaldock.core.run.store import Run
from evaldock.tui.cli.foreground import drive
from evaldock.tui.cli.reporter import JsonReporter, Out, PlainReporter
from evaldock.tui.cli.style import Style

from ...golden import Golden, files_of, renewing
from .conftest import NOW, Machine
from .pretended import Told
from .story import INVOCATION, OTHER, every_state, other_run

_CONFIG = """\
defaults:
  - execution: local
  - deployment: none
  - _self_
execution:
  output_dir: {output}
  mode: sequential
  pull: never
target:
  api_endpoint:
    url: http://localhost:1/v1/chat/completions
    model_id: tiny
    api_key_name: EVALDOCK_TEST_KEY
    adapter_config:
      interceptors:
        - name: system_message
          config: {{system_message: Be brief.}}
evaluation:
  pre_cmd: echo one
  overrides:
    config.params.temperature: 0.5
  tasks:
    - name: ifeval
    - name: own_task
      container: busybox:1
      env_vars: {{HF_TOKEN: EVALDOCK_TEST_TOKEN}}
      overrides:
        config.params.limit_samples: 20
"""


@pytest.fixture
def golden(machine: Machine, request: pytest.FixtureRequest) -> Iterator[Golden]:
    folder = Path(__file__).parents[1] / "golden"
    before = os.umask(0o077)
    checkout = str(Path(__file__).parents[3])
    yield Golden(folder, {str(machine.root): "<root>", checkout: "<checkout>"}, renew=renewing(request.config))
    os.umask(before)


@pytest.fixture
def config(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of a task of the catalog and one of its own. One variable is set, one is not; Docker is out of reach."""
    monkeypatch.setenv("EVALDOCK_TEST_KEY", "hunter2hunter2")
    monkeypatch.delenv("EVALDOCK_TEST_TOKEN", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{machine.root}/no-docker.sock")
    path = machine.root / "my.yaml"
    path.write_text(_CONFIG.format(output=machine.output))
    return path


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("status.json", ["status", INVOCATION, "--json"]),
        ("ls-runs.json", ["ls", "runs", "--json"]),
        ("results.json", ["results", INVOCATION, "--json"]),
        ("compare.json", ["compare", INVOCATION, OTHER, "--json"]),
        ("info.json", ["info", INVOCATION, "--json"]),
        ("rerun-dry-run.json", ["rerun", f"{INVOCATION}.7", "--dry-run", "--json"]),
        ("prune-dry-run.json", ["prune", OTHER, "--dry-run", "--json"]),
        ("kill.json", ["kill", f"{INVOCATION}.4", f"{INVOCATION}.9", "--json"]),
    ],
)
def test_json_about_runs(machine: Machine, golden: Golden, name: str, args: list[str]) -> None:
    every_state(machine)
    other_run(machine)
    volatile = ("total", "artifacts", "logs", "attempts", "cache", "bytes", "seconds") if name != "results.json" else ()
    if name in ("status.json", "results.json"):
        volatile = ("seconds", "left")
    golden.check_json(name, machine.cli(*args).stdout, *volatile)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("status.txt", ["status", INVOCATION]),
        ("results.txt", ["results", INVOCATION]),
        ("results.csv", ["results", OTHER, "--csv"]),
        ("results.md", ["results", OTHER, "--md"]),
        ("compare.txt", ["compare", INVOCATION, OTHER]),
    ],
)
def test_texts_about_runs(machine: Machine, golden: Golden, name: str, args: list[str]) -> None:
    every_state(machine)
    other_run(machine)
    golden.check(name, machine.cli(*args).stdout)


@pytest.mark.parametrize("to", ["json", "csv", "junit", "local"])
def test_exports(machine: Machine, golden: Golden, to: str, tmp_path: Path) -> None:
    other_run(machine)
    result = machine.cli("export", OTHER, "--dest", to, "--output-dir", tmp_path / "exported")
    assert result.exit_code == 0, result.output
    golden.check(f"export-{to}.txt", files_of(tmp_path / "exported"))


def test_the_data_of_the_report(machine: Machine, golden: Golden) -> None:
    golden.check_json("report.json", json.dumps(report_tree(every_state(machine))), "seconds")


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("dry-run.txt", ["run", "my.yaml", "--dry-run"]),
        (
            "dry-run-overrides.txt",
            ["run", "my.yaml", "-nt", "own_task", "-o", "target.api_endpoint.model_id=b"],
        ),
        ("dry-run.json", ["run", "my.yaml", "--dry-run", "--json"]),
        ("config-show.json", ["config", "show", "my.yaml", "--json"]),
        ("config-validate.json", ["config", "validate", "my.yaml", "--json"]),
    ],
)
def test_what_a_config_would_do(
    config: Path, machine: Machine, golden: Golden, name: str, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(machine.root)
    monkeypatch.setattr("secrets.token_hex", lambda _bytes: INVOCATION)
    result = machine.cli(*args)
    assert result.exit_code == 0, result.output
    (golden.check_json if name.endswith(".json") else golden.check)(name, result.stdout)


def test_wrong_configs_as_json(config: Path, machine: Machine, golden: Golden) -> None:
    config.write_text(config.read_text() + "exeution: {}\n")
    golden.check_json("config-invalid.json", machine.cli("config", "validate", config, "--json").stdout)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("ls-tasks.json", ["ls", "tasks", "ifeval", "--json"]),
        ("ls-task.json", ["ls", "task", "ifeval", "--json"]),
    ],
)
def test_json_about_tasks(machine: Machine, golden: Golden, name: str, args: list[str]) -> None:
    golden.check_json(name, machine.cli(*args).stdout)


def test_checks_as_json(config: Path, machine: Machine, golden: Golden) -> None:
    """What a check found depends on the machine; its names and its keys do not."""
    found = json.loads(machine.cli("check", config, "--json").stdout)
    shape = [{key: value if key == "name" else f"<{key}>" for key, value in check.items()} for check in found]
    golden.check_json("check.json", json.dumps(shape))


def _made(machine: Machine, config: Path) -> Run:
    direct = ["execution.proxy=false", "~target.api_endpoint.adapter_config"]
    loaded = load_config(path=config, overrides=direct)
    catalog = load_catalog(catalog_dirs(loaded.sources))
    plan = make_plan(loaded, catalog, invocation=INVOCATION)
    return Run.open(create_run(plan, loaded.tree, now=NOW, sources=loaded.sources).root)


@pytest.mark.parametrize("code", [0, 3])
def test_a_run_and_all_its_files(config: Path, machine: Machine, golden: Golden, code: int) -> None:
    """The lines of `run --json`, then every file of the run, of jobs that succeed and of jobs that fail."""
    run = _made(machine, config)
    stream = io.StringIO()
    drive(run, {**os.environ, "EVALDOCK_TEST_TOKEN": "x"}, JsonReporter(Out(stream)), Told(code=code))
    golden.check_json(f"run-exit-{code}.jsonl", stream.getvalue(), "seconds")
    golden.hide(str(os.getpid()), "<pid>")
    golden.check(f"run-exit-{code}-files.txt", files_of(run.paths.root, "seconds", "mono", "disk"))


def test_a_run_in_lines(config: Path, machine: Machine, golden: Golden) -> None:
    stream = io.StringIO()
    run = _made(machine, config)
    drive(run, {**os.environ, "EVALDOCK_TEST_TOKEN": "x"}, PlainReporter(Out(stream), Style()), Told())
    golden.check("run-lines.txt", re.sub(r"\b\d\d:\d\d(:\d\d)?\b", "<clock>", stream.getvalue()))
