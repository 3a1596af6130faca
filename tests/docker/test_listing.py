"""The tasks of an image, asked of the image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from evaldock.tui.cli.main import cli

from .conftest import IMAGE, docker


def ls(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `evaldock ls tasks WORDS`."""
    done = CliRunner().invoke(cli, ["ls", "tasks", *words], prog_name="evaldock")
    return done.exit_code, done.stdout, done.stderr


def test_an_image_lists_its_tasks() -> None:
    code, out, _ = ls("--from-container", IMAGE, "--json")
    assert (code, [task["task"] for task in json.loads(out)]) == (0, ["contract", "contract_chat"])
    assert [task["task"] for task in json.loads(ls("_chat", "--from-container", IMAGE, "--json")[1])] == [
        "contract_chat"
    ]
    assert docker("ps", "-aq", "--filter", "label=evaldock.check", "--filter", f"ancestor={IMAGE}") == ""


def test_an_image_that_is_not_here_and_one_that_knows_no_tasks(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    code, _, said = ls("--from-container", "evaldock/absent:1")
    assert (code, "docker pull evaldock/absent:1" in said) == (2, True)
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN rm /bin/nemo-evaluator\n")
    docker("build", "-q", "-t", "evaldock/no-tasks:test", str(tmp_path))
    request.addfinalizer(lambda: docker("rmi", "evaldock/no-tasks:test"))
    code, _, said = ls("--from-container", "evaldock/no-tasks:test")
    assert (code, "does not list its tasks" in said) == (2, True)
