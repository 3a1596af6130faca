"""Every file of a run on the real engine, with the proxy between: pinned whole."""

from __future__ import annotations

import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.tui.cli.foreground import drive
from evaldock.tui.cli.reporter import JsonReporter, Out

from ..golden import Golden, files_of, renewing
from .conftest import Bench
from .proxied import KEY, endpoint, plan_for

ASK = {"requests": 3, "interval": 0.01, "lines": 2}
_MEASURED = (
    "seconds",
    "mono",
    "disk",
    "rate",
    "minute_rate",
    "rates",
    "latency_ms",
    "latency_buckets",
    "listen",
    "port",
    "control",
)


def test_a_run_and_all_its_files(bench: Bench, request: pytest.FixtureRequest) -> None:
    golden = Golden(Path(__file__).parent / "golden", {str(bench.root): "<root>"}, renew=renewing(request.config))
    before = os.umask(0o077)
    stream = io.StringIO()
    try:
        with endpoint() as at:
            plan = plan_for(bench, at, ASK, {**ASK, "exit": 3}, samples=3)
            run = bench.run(replace(plan, mode="sequential", workers=1))
            drive(run, {"API_KEY": KEY}, JsonReporter(Out(stream)), DockerExecutor())
    finally:
        os.umask(before)
    golden.hide(run.invocation, "<run>")
    golden.hide(f":{at.port}/", ":<endpoint>/")
    for path in run.paths.root.glob("*/run_config.yaml"):
        for url in re.findall("http://\\S+?:\\d+/", path.read_text()):
            golden.hide(url, "http://<proxy>/")
    port = json.loads((run.paths.root / "proxy.json").read_bytes())["port"]
    golden.hide(f"port {port}", "port <port>")
    golden.check_json("run.jsonl", stream.getvalue(), *_MEASURED)
    golden.check("files.txt", files_of(run.paths.root, *_MEASURED))
