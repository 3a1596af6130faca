"""A desk to work at: the installed `evaldock` on a pty or on pipes, in a directory and an environment of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
import yaml
from evaldock.core.run.events import JobChanged
from evaldock.core.run.journal import read_events
from evaldock.core.run.store import Run

from ..docker.conftest import IMAGE, containers_of, docker, wait_for
from ..model_server import ModelServer

PROGRAM = str(Path(sys.executable).with_name("evaldock"))
PATIENCE = 30  # seconds until a text must have come


if TYPE_CHECKING:
    Spawn = pexpect.spawn[bytes]
else:
    Spawn = pexpect.spawn


class Screen(Spawn):
    """`evaldock` on a pty of its own, as leader of the pty's session. Its output is bytes."""

    ptyproc: Any

    def __init__(
        self,
        desk: Desk,
        *arguments: str,
        env: Mapping[str, str],
        ignore_sighup: bool = False,
        program: Sequence[str] = (PROGRAM,),
    ) -> None:
        super().__init__(
            program[0], [*program[1:], *arguments], cwd=str(desk.root), env={**desk.env, **env}, dimensions=(40, 200),
            timeout=PATIENCE, ignore_sighup=ignore_sighup, maxread=1 << 16,
        )  # fmt: skip
        self.delaybeforesend = None

    def sees(self, *texts: str) -> Screen:
        """Wait for each of `texts`, in this order."""
        for text in texts:
            self.expect_exact(text.encode())
        return self

    def ends(self, code: int) -> bytes:
        """Wait for the end, which must have this exit code; what was printed since the last text seen."""
        self.expect(pexpect.EOF)
        self.wait()
        rest = self.before
        assert rest is not None
        assert (self.exitstatus, self.signalstatus) == (code, None), rest.decode(errors="replace")
        return rest

    def hang_up(self) -> None:
        """Take the terminal away, as closing its window does."""
        os.close(self.child_fd)
        self.child_fd = self.ptyproc.fd = -1
        self.closed = self.ptyproc.closed = True

    def exit_code(self) -> int:
        """Wait for the end of a program that has no terminal any more."""
        pid = self.pid
        assert pid is not None
        _, status = wait_for(lambda: (found := os.waitpid(pid, os.WNOHANG))[0] and found, "the program to end")
        self.terminated = self.ptyproc.terminated = True
        return os.waitstatus_to_exitcode(status)


class Desk:
    """Where one test works: config, results, state, a model endpoint, and the programs it started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results"
        # CI: a command that would open the dashboard on a terminal reports in lines, unless a test asks for the other.
        ours = {
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
            "CI": "1",
        }
        foreign = ("EVALDOCK_", "COLUMNS", "LINES")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(foreign)} | ours
        self.screens: list[Screen] = []
        self.model = ModelServer()

    def config(
        self, *behaviours: Mapping[str, object], env_vars: Mapping[str, str] | None = None, **execution: object
    ) -> str:
        """A config with tasks t0, t1, .. of the contract image, one for each behaviour; the file's path."""
        tasks = [
            {
                "name": f"t{n}",
                "container": IMAGE,
                "overrides": {f"config.params.extra.{key}": value for key, value in behaviour.items()},
            }
            for n, behaviour in enumerate(behaviours)
        ]
        tree = {
            "execution": {"output_dir": str(self.results), "pull": "never", **execution},
            "target": {"api_endpoint": {"model_id": "m", "url": self.model.url()}},
            "evaluation": {"tasks": tasks, "env_vars": dict(env_vars or {})},
        }
        path = self.root / "config.yaml"
        path.write_text(yaml.safe_dump(tree), encoding="utf-8")
        return str(path)

    def screen(self, *arguments: str, env: Mapping[str, str] | None = None, ignore_sighup: bool = False) -> Screen:
        """Start the program on a pty."""
        made = Screen(self, *arguments, env=env or {}, ignore_sighup=ignore_sighup)
        self.screens.append(made)
        return made

    def call(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the program to its end on pipes."""
        return subprocess.run(
            [PROGRAM, *arguments], cwd=self.root, env={**self.env, **(env or {})}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def detach(self, config: str, env: Mapping[str, str] | None = None) -> Run:
        """`run --detach`; the run."""
        done = self.call("run", config, "--detach", env=env)
        assert done.returncode == 0, done.stderr
        run = self.run()
        assert done.stdout == run.invocation + "\n"
        return run

    def runs(self) -> list[Run]:
        """All runs made here, oldest first."""
        return [Run.open(path) for path in sorted(self.results.glob("[0-9]*-*/"))]

    def run(self) -> Run:
        """The one run made here, once it is on disk."""
        (run,) = wait_for(self.runs, "a run")
        return run

    def status(self, run: Run) -> list[dict[str, Any]]:
        """What `status --json` says."""
        rows: list[dict[str, Any]] = json.loads(self.call("status", run.invocation, "--json").stdout)
        return rows

    def clean_up(self) -> None:
        """End what a failed test left, and say so."""
        self.model.close()
        for screen in self.screens:
            if not screen.terminated:
                screen.close(force=True)
        left: list[str] = []
        for run in self.runs() if self.results.exists() else []:
            if (pid := _stubborn_engine(run)) is not None:
                os.kill(pid, signal.SIGKILL)
                left.append(f"engine {pid}")
            if names := containers_of(run.invocation):
                docker("rm", "-f", *names)
                left.extend(names)
        assert not left, f"left behind: {left}"


def _stubborn_engine(run: Run) -> int | None:
    """The pid of an engine that does not leave although all its jobs have ended, or that has jobs still."""
    if all(view.state.terminal for view in run.state().jobs.values()):
        with contextlib.suppress(pytest.fail.Exception):
            wait_for(lambda: run.engine_alive() is None, "the engine to leave", 10)
    return run.engine_alive()


def until_printed(run: Run, n: int, text: str) -> None:
    """Wait until job number n of a run has printed `text` (by then its traps are set)."""
    log = run.paths.job(run.plan.jobs[n].dir_name).stdout
    wait_for(lambda: log.exists() and text.encode() in log.read_bytes(), f"{text!r} in the log of job {n}")


def until_state(run: Run, n: int, *states: str) -> None:
    """Wait until job number n is in one of `states`."""
    job = f"{run.invocation}.{n}"
    wait_for(lambda: run.state().jobs[job].state.value in states, f"{job} to be {states}")


def wake(run: Run, n: int) -> None:
    """End the sleep of job number n, which goes on with what it does after it."""
    command = [
        "docker",
        "exec",
        f"evaldock-{run.invocation}-{n}-a1",
        "killall",
        "-PIPE",
        "sleep",
    ]  # the one signal of which the shell says nothing
    wait_for(lambda: subprocess.run(command, capture_output=True, check=False).returncode == 0, "a sleep to end")


def endings(run: Run) -> Counter[tuple[str, int]]:
    """How often each attempt at each job became terminal."""
    changes = [e for e in read_events(run.paths.journal) if isinstance(e, JobChanged) and e.state.terminal]
    return Counter((e.job, e.attempt) for e in changes)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.clean_up()
