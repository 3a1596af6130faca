"""Every example is a config that plans, and says at its top what it shows."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from evaldock.core.catalog.load import catalog_dirs, load_catalog
from evaldock.core.config.load import load_config
from evaldock.core.plan.environ import missing_env
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.render import render_plan
from evaldock.core.results.gate.policy import read_policy

EXAMPLES = Path(__file__).parents[2] / "examples"
POLICY = EXAMPLES / "gate.yaml"
CONFIGS = sorted(path for path in EXAMPLES.rglob("*.yaml") if path.parent.name != "catalog" and path != POLICY)
SCRIPTS = sorted([*EXAMPLES.rglob("*.sh"), EXAMPLES / "images" / "build"])
ENV = {name: f"value-of-{name}" for name in ("API_KEY", "HF_TOKEN", "HF_TOKEN_FOR_GPQA_DIAMOND", "VLLM_API_KEY")}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example_plans_and_shows_no_secret(path: Path) -> None:
    config = load_config(path=path, env=ENV)
    plan = make_plan(config, load_catalog(catalog_dirs(config.sources)), invocation="0a1b2c3d")
    assert plan.jobs
    assert missing_env(plan, ENV) == []
    shown = render_plan(config, plan, ENV)
    assert not [value for value in ENV.values() if value in shown]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_an_example_begins_with_what_it_shows(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) > 20


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_a_script_is_sound_shell(path: Path) -> None:
    subprocess.run(["sh", "-n", str(path)], check=True)


@pytest.mark.parametrize("path", sorted((EXAMPLES / "ci").iterdir()), ids=lambda path: path.name)
def test_a_ci_file_is_yaml_that_runs_evaldock(path: Path) -> None:
    text = path.read_text("utf-8")
    assert isinstance(yaml.safe_load(text), dict)
    assert "--no-tui --json" in text


def test_the_policy_is_one() -> None:
    assert [rule.tier.value for rule in read_policy(POLICY)] == ["critical", "critical", "supporting", "advisory"]


def test_the_readme_lists_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text("utf-8")
    assert POLICY.name in text
    for path in CONFIGS:
        relative = path.relative_to(EXAMPLES)
        assert (relative.parts[0] if len(relative.parts) > 1 else relative.name) in text


def test_a_taken_port_of_the_control_endpoint_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"find": "a", "answer": "b"}\n')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, str(EXAMPLES / "control.py"), "--port", str(port), str(tmp_path / "answers.jsonl")]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith(f"Cannot serve on 127.0.0.1:{port} (is the port taken?): ")
    assert found.stderr.count("\n") == 1
