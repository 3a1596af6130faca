"""evaldock from Python: the steps that start nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from evaldock.core import NotStarted, load_config, plan, run
from evaldock.core.config.model import ConfigError

CONFIG = """\
defaults: [{execution: local}, {deployment: none}, _self_]
execution: {output_dir: out}
target: {api_endpoint: {model_id: m, url: "http://localhost:1/v1/chat/completions", api_key_name: ABSENT_KEY}}
evaluation: {tasks: [{name: ifeval}, {name: gpqa_diamond}]}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "c.yaml").write_text(CONFIG)
    return tmp_path / "c.yaml"


def test_a_config_becomes_a_plan(path: Path) -> None:
    config = load_config(path, overrides=["target.api_endpoint.model_id=other"])
    (job,) = plan(config, tasks=["ifeval"], env={}).jobs
    assert (job.task, job.model_id) == ("ifeval", "other")
    named = load_config(config_dir=path.parent, config_name="c")
    assert [job.task for job in plan(named, env={}).jobs] == ["ifeval", "gpqa_diamond"]


def test_mistakes_are_told_with_their_place(path: Path) -> None:
    path.write_text(CONFIG.replace("model_id: m", "model_id: [7]"))
    with pytest.raises(ConfigError, match=r"c\.yaml:3"):
        load_config(path)


@pytest.mark.parametrize("first", ["evaldock.core.run.store", "evaldock.core.plan.make", "evaldock.core.engine.engine"])
def test_the_steps_keep_their_names_whatever_is_imported(first: str) -> None:
    code = (
        f"import {first}; from evaldock.core import plan, run; import evaldock.core.run.index, evaldock.core.plan.spec"
    )
    code += "; from evaldock.core import plan as p, run as r; assert callable(p) and callable(r) and p is plan"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_way_in_loads_next_to_nothing() -> None:
    code = "import sys, evaldock.core; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert not {"yaml", "docker", "aiohttp", "jsonschema", "textual", "click"} & set(done.stdout.split())


def test_nothing_is_made_when_docker_is_away(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from evaldock.core.engine.executor import ExecutorUnavailable

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(ExecutorUnavailable):
        run(load_config(path), env={})
    assert not (tmp_path / "out").exists() and issubclass(NotStarted, Exception)
