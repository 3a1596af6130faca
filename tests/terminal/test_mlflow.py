"""Scores of a real run in a real MLflow server, by `auto_export` and by hand.

The server is the program that EVALDOCK_TEST_MLFLOW names; without it, `mlflow` if there is one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..docker.conftest import wait_for
from .conftest import Desk

MLFLOW = os.environ.get("EVALDOCK_TEST_MLFLOW") or shutil.which("mlflow")
pytestmark = pytest.mark.skipif(MLFLOW is None, reason="no mlflow here to be the server")


def ask(url: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server with nothing in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(MLFLOW), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    (tmp_path / "mlflow").mkdir()
    with (tmp_path / "mlflow.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path / "mlflow", stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        )  # fmt: skip

    def serves() -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(serves, "the MLflow server", 90)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_scores_reach_mlflow_once(desk: Desk, server: str) -> None:
    path = Path(desk.config({"score": 0.25, "requests": 10}))
    tree = yaml.safe_load(path.read_text())
    tree["execution"]["auto_export"] = {"destinations": ["mlflow"]}
    tree["export"] = {"mlflow": {"tracking_uri": server, "experiment_name": "nightly", "tags": {"team": "red"}}}
    path.write_text(yaml.safe_dump(tree))
    ran = desk.call("run", "--config", str(path), "--no-tui")
    assert f"Exported to mlflow: {server}/#/experiments/" in ran.stderr
    run = desk.run()

    again = desk.call("export", run.invocation, "--dest", "mlflow")
    assert again.stdout.splitlines() == json.loads((run.paths.root / "exports.json").read_text())[0]["places"]

    api = f"{server}/api/2.0/mlflow"
    experiment = ask(f"{api}/experiments/get-by-name?experiment_name=nightly")["experiment"]["experiment_id"]
    (found,) = ask(f"{api}/runs/search", {"experiment_ids": [experiment]})["runs"]
    metrics = {metric["key"]: metric["value"] for metric in found["data"]["metrics"]}
    tags = {tag["key"]: tag["value"] for tag in found["data"]["tags"]}
    assert (metrics["t0_accuracy"], metrics["t0_accuracy_n"]) == (0.25, 10)
    assert (tags["job_id"], tags["team"], tags["validity"]) == (f"{run.invocation}.0", "red", "valid")
    assert found["info"]["status"] == "FINISHED"
    files = ask(f"{api}/artifacts/list?run_id={found['info']['run_id']}")["files"]
    assert {"results.yml", "run_config.yaml", "requests.json"} == {file["path"] for file in files}
