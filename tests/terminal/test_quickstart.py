"""The README's first command, with known answers in place of a model: real harnesses in real containers score 1.0."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Desk

EXAMPLES = Path(__file__).parents[2] / "examples"

# From nothing, the images take some minutes.
pytestmark = pytest.mark.timeout(900)


def call(desk: Desk, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, with this environment's evaldock. Ports are free ones: a demo may be running."""
    env = {**desk.env, "EVALDOCK_PYTHON": sys.executable, "EVALDOCK_DEMO_PORT": "0"}
    return subprocess.run(
        command, cwd=desk.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def scores(desk: Desk) -> dict[str, object]:
    """Task -> score of the newest run."""
    rows = json.loads(desk.call("status", "--json").stdout)
    return {row["task"]: row["score"] and (row["score"]["value"], row["score"]["valid"]) for row in rows}


def test_a_control_run_scores_one(desk: Desk) -> None:
    done = call(desk, "sh", str(EXAMPLES / "quickstart.sh"), "--control", "--no-tui")
    assert done.returncode == 0, done.stderr
    assert scores(desk) == dict.fromkeys(("ifbench", "humaneval", "gsm8k_cot_instruct"), (1.0, True))
    assert "no model is asked" in done.stderr
    assert (desk.root / "control_results" / "ifbench" / "logs" / "stdout.log").is_file()


def test_a_harness_of_ones_own_scores(desk: Desk) -> None:
    home = EXAMPLES / "own_harness"
    subprocess.run(["sh", str(EXAMPLES / "images" / "build"), "base"], check=True, capture_output=True)
    build = ["docker", "build", "-q", "-t", "evaldock/capitals:local", "--build-arg", "BASE=evaldock/base:local"]
    subprocess.run([*build, str(home / "image")], check=True, capture_output=True)
    known = {"France": "It is Paris.", "Japan": "It is Kyoto."}
    answers = desk.root / "answers.jsonl"
    answers.write_text(
        "".join(json.dumps({"find": f"capital of {land}", "answer": text}) + "\n" for land, text in known.items())
    )
    with control_endpoint(desk, answers) as url:
        overrides = [f"target.api_endpoint.url={url}", "evaluation.overrides={config.params.limit_samples: 2}"]
        done = desk.call(
            "run", str(home / "capitals.yaml"), "--no-tui", *(part for text in overrides for part in ("-o", text))
        )
    assert done.returncode == 0, done.stderr
    assert scores(desk) == {"capitals": (0.5, True)}


@contextmanager
def control_endpoint(desk: Desk, answers: Path) -> Iterator[str]:
    """The URL of examples/control.py with these answers."""
    command = [sys.executable, str(EXAMPLES / "control.py"), "--port", "0", str(answers)]
    with subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()
