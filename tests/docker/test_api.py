"""evaldock from Python, on a real engine: the example as it stands, and refusals before anything starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from evaldock.core import NotStarted, load_config, plan, run, scores
from evaldock.core.run.events import Event, RunFinished

from ..model_server import ModelServer
from .conftest import IMAGE

EXAMPLE = Path(__file__).parents[2] / "examples" / "from_python.py"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, model: ModelServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tree = {
        "defaults": [{"execution": "local"}, {"deployment": "none"}, "_self_"],
        "execution": {"output_dir": str(tmp_path / "out"), "pull": "never"},
        "target": {"api_endpoint": {"model_id": "m", "url": model.url()}},
        "evaluation": {"tasks": [{"name": name, "container": IMAGE} for name in ("a", "b")]},
    }
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def test_a_config_is_run_and_its_scores_are_read(config: Path) -> None:
    loaded = load_config(config)
    events: list[Event] = []
    finished = run(loaded, plan(loaded, tasks=["b"]), on_event=events.append)
    (row,) = scores(finished)
    assert (row["task"], row["state"], row["value"], row["n"]) == ("b", "succeeded", 0.5, 10)
    assert any(isinstance(event, RunFinished) for event in events)


def test_the_example_puts_runs_side_by_side(config: Path) -> None:
    done = subprocess.run([sys.executable, EXAMPLE, config], capture_output=True, text=True, env=os.environ, timeout=90)
    assert done.returncode == 0, done.stderr
    lines = [line.split()[:3] for line in done.stdout.splitlines()]
    assert lines == [["a", "0.0", "0.5"], ["a", "0.7", "0.5"], ["b", "0.0", "0.5"], ["b", "0.7", "0.5"]]


def test_what_cannot_succeed_is_not_started(config: Path, tmp_path: Path) -> None:
    closed = load_config(config, overrides=["target.api_endpoint.url=http://127.0.0.1:1/v1/chat/completions"])
    with pytest.raises(NotStarted, match="endpoint"):
        run(closed)
    keyless = load_config(config, overrides=["+target.api_endpoint.api_key_name=ABSENT_KEY"])
    with pytest.raises(NotStarted, match="ABSENT_KEY"):
        run(keyless, env={})
    assert not (tmp_path / "out").exists()
