"""The examples for GitHub Actions and GitLab: their shell parts as those services run them, on the real engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XML

import pytest
import yaml

from ..model_server import ModelServer
from .conftest import IMAGE

CI = Path(__file__).parents[2] / "examples" / "ci"
INSTALLED = Path(sys.executable).parent


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, model: ModelServer) -> Path:
    """A repository as the examples expect it, with a config that runs in seconds."""
    (tmp_path / "evals").mkdir()
    (tmp_path / ".venv").symlink_to(INSTALLED.parent)
    tree: dict[str, Any] = {
        "defaults": [{"execution": "local"}, {"deployment": "none"}, "_self_"],
        "execution": {"output_dir": "results", "pull": "never"},
        "target": {"api_endpoint": {"model_id": "m", "url": model.url(), "api_key_name": "API_KEY"}},
        "evaluation": {"tasks": [{"name": "quick", "container": IMAGE}]},
    }
    (tmp_path / "evals" / "nightly.yaml").write_text(yaml.safe_dump(tree))
    policy(tmp_path, 0.2)
    return tmp_path


def policy(project: Path, least: float) -> None:
    # The contract image writes 0.5 of 10 samples.
    rules = {"rules": [{"task": "quick", "min": least}]}
    (project / "evals" / "policy.yaml").write_text(yaml.safe_dump(rules))


def run_steps(project: Path, steps: Sequence[str]) -> int:
    """Each step in a shell of its own as `bash -eo pipefail`; the exit code of the first that fails."""
    env = {**os.environ, "PATH": f"{INSTALLED}:{os.environ['PATH']}", "CI": "true", "API_KEY": "k"}
    env["GITHUB_STEP_SUMMARY"] = str(project / "summary.md")
    for step in steps:
        ended = subprocess.run(["bash", "-eo", "pipefail", "-c", step], cwd=project, env=env, check=False, timeout=120)
        if ended.returncode:
            return ended.returncode
    return 0


def github() -> list[str]:
    tree = yaml.safe_load((CI / "github-actions.yml").read_text())
    # Without this, GitHub runs `bash -e`, and `evaldock run | tee` succeeds whatever became of the run.
    assert tree["defaults"]["run"]["shell"] == "bash"
    steps = [step["run"] for step in tree["jobs"]["evaluate"]["steps"] if "run" in step]
    assert steps.pop(0) == "pip install evaldock"
    return steps


def gitlab() -> list[str]:
    job = yaml.safe_load((CI / "gitlab-ci.yml").read_text())["evaluate"]
    install, *script = job["script"]
    assert install == "python3 -m venv .venv && .venv/bin/pip install evaldock"
    return [*script, *job["after_script"]]


@pytest.mark.parametrize("steps", [github, gitlab])
def test_a_run_that_may_ship_passes_and_leaves_its_reports(project: Path, steps: Any) -> None:
    assert run_steps(project, steps()) == 0
    suites = {path.stem: XML.parse(path).getroot().find("testsuite") for path in (project / "reports").glob("*.xml")}
    gate = suites.pop("gate")
    assert gate is not None and (gate.get("tests"), gate.get("failures")) == ("1", "0")
    (run,) = suites.values()
    assert run is not None and (run.get("tests"), run.get("failures")) == ("1", "0")
    assert (project / "events.jsonl").read_text().splitlines()[-1].startswith('{"event":"done"')
    assert (project / "results").is_dir()
    if steps is github:
        assert "GO" in (project / "summary.md").read_text().splitlines()[0]


@pytest.mark.parametrize("steps", [github, gitlab])
def test_a_policy_that_does_not_hold_fails_the_job(project: Path, steps: Any) -> None:
    policy(project, 0.9)
    assert run_steps(project, steps()) == 1
    gate = XML.parse(project / "reports" / "gate.xml").getroot().find("testsuite")
    assert gate is not None and gate.get("failures") == "1"


def test_a_task_that_fails_fails_the_job_through_the_pipe(project: Path) -> None:
    config = project / "evals" / "nightly.yaml"
    tree = yaml.safe_load(config.read_text())
    tree["evaluation"]["tasks"][0]["overrides"] = {"config.params.extra.exit": 3}
    config.write_text(yaml.safe_dump(tree))
    assert run_steps(project, github()[:1]) == 1
