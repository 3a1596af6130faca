"""A run on a real Docker Engine, with the contract image whose behaviour its parameters choose."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from evaldock.core.config.model import EnvValue, Resources
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.engine import Engine
from evaldock.core.plan.spec import EnvRef, JobSpec, Plan
from evaldock.core.run.events import Event
from evaldock.core.run.layout import create_run
from evaldock.core.run.state import JobView, RunState
from evaldock.core.run.store import Run

IMAGE = "evaldock/contract:local"
COMMAND = ("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml")


def docker(*arguments: str) -> str:
    """Standard output of one docker command, which must succeed."""
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true value of `condition`; fails the test when it stays false."""
    deadline = monotonic() + seconds
    pause = threading.Event()
    while monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.02)
    pytest.fail(f"waited {seconds:g} s for {what}")


class Bench:
    """Makes runs and engines, and cleans up what a failed test leaves."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.invocations: list[str] = []

    def invocation(self) -> str:
        """A new one, whose containers are gone after the test."""
        made = os.urandom(4).hex()
        self.invocations.append(made)
        return made

    def plan(
        self,
        *behaviours: Mapping[str, object],
        workers: int = 16,
        env: Mapping[str, str] | None = None,
        pull: str = "missing",
        **job: Any,
    ) -> Plan:
        """One job per behaviour of the contract image."""
        invocation = self.invocation()
        refs = tuple(EnvRef(name, EnvValue("host", source)) for name, source in (env or {}).items())
        image = job.pop("image", IMAGE)
        jobs = tuple(
            JobSpec(
                id=f"{invocation}.{n}", index=n, task=f"t{n}", harness="contract", image=image, digest="",
                endpoint_type="chat", url="http://127.0.0.1:1/v1/chat/completions", model_id="m", command=COMMAND,
                dir_name=f"t{n}", env=refs, resources=job.get("resources", Resources()),
                run_config={
                    "config": {"type": f"t{n}", "output_dir": "/results", "params": {"extra": dict(behaviour)}},
                    "target": {"api_endpoint": {"url": "http://x", "model_id": "m", "type": "chat"}},
                },
                **{key: value for key, value in job.items() if key != "resources"},
            )
            for n, behaviour in enumerate(behaviours)
        )  # fmt: skip
        mode = "sequential" if workers == 1 else "parallel"
        return Plan(invocation, str(self.root / "out"), mode, workers, pull, "m", "http://x", jobs)  # type: ignore[arg-type]

    def run(self, plan: Plan) -> Run:
        """The plan as a run on disk."""
        paths = create_run(plan, {}, now=datetime.now(UTC))
        return Run.open(paths.root)

    def finish(self, plan: Plan, env: Mapping[str, str] | None = None) -> tuple[Run, RunState]:
        """Run it to its end in this thread."""
        run = self.run(plan)
        return run, Engine(run, env or {}, DockerExecutor()).run()

    def start(self, run: Run, **options: Any) -> Going:
        """Run it in a thread."""
        return Going(run, **options)


class Going:
    """An engine at work in a thread."""

    def __init__(self, run: Run, **options: Any) -> None:
        self.events: list[Event] = []
        self.run = run
        self.engine = Engine(run, options.pop("env", {}), DockerExecutor(), on_event=self.events.append, **options)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            self.engine.run()
        except BaseException as error:  # noqa: BLE001 - handed to the test by `end`
            self.error = error

    def view(self, n: int) -> JobView:
        """Job number n."""
        return self.run.state().jobs[f"{self.run.invocation}.{n}"]

    def until(self, n: int, *states: str) -> JobView:
        """Wait until job n is in one of `states`."""
        wait_for(lambda: self.view(n).state.value in states or self.error, f"job {n} to be {states}")
        if self.error is not None:
            raise self.error
        return self.view(n)

    def end(self, seconds: float = 90) -> RunState:
        """Wait for the engine to end."""
        self.thread.join(seconds)
        assert not self.thread.is_alive(), "the engine did not end"
        if self.error is not None:
            raise self.error
        return self.run.state()


def containers_of(invocation: str) -> Sequence[str]:
    """Names of all containers of an invocation, whatever their state."""
    found = docker("ps", "-a", "--filter", f"label=evaldock.invocation={invocation}", "--format", "{{.Names}}")
    return found.split()


@pytest.fixture(autouse=True)
def _state_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    left = {invocation: containers_of(invocation) for invocation in made.invocations}
    for names in left.values():
        if names:
            docker("rm", "-f", *names)
    assert not any(left.values()), f"containers left behind: {left}"


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """`localhost:PORT` of a registry; a test that wants one is skipped where there is none to start."""
    if shutil.which("docker-registry") is None:
        pytest.skip("needs Debian's docker-registry")
    port = free_port()
    config = tmp_path / "registry.yml"
    config.write_text(
        f"version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/registry}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with subprocess.Popen(["docker-registry", "serve", str(config)], stderr=subprocess.DEVNULL) as process:

        def up() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/", timeout=5):
                    return True
            except (urllib.error.URLError, ConnectionError):
                return False

        wait_for(up, "the registry")
        yield f"localhost:{port}"
        process.terminate()
