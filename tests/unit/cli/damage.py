"""A finished run with every file that a run can have, and the ways in which a file can be spoilt."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from click.testing import Result
from evaldock.core.run.amendment import Amendment
from evaldock.core.run.events import EngineStarted, EngineStopped, RerunRequested, RunFinished
from evaldock.core.run.paths import archive_attempt, keep_spec
from evaldock.core.run.store import Run
from evaldock.tui.cli.exit_codes import ExitCode
from hypothesis import HealthCheck

from .conftest import SCORE, Machine, change

FIGURES = {
    "sent": 12, "ok": 9, "failed": 3, "attempt": 1, "tokens_in": 120, "tokens_out": 90, "by_status": {"200": 9},
    "latency_ms": {"p50": 10.5}, "latency_buckets": [[100, 9]], "rates": [0, 1], "finish_reasons": {"stop": 9},
    "last_errors": ["503"],
}  # fmt: skip
NOBODY = 65534
COUNTS = {"total": 12, "ok": 9, "by_status": [["200", 9], ["500", 3]], "cancelled": 1, "retried": 4}
# What neither the speed of a machine nor a fixture may decide.
UNCHECKED = [
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
]
# Values that may stand where another kind of value should.
WILD = [None, True, -1, 0, 10**400, 1 << 70, 1e308, float("nan"), float("inf"), [], {}, [[1, 2]], "2"]
RESULTS = """results:
  tasks:
    alpha:
      metrics:
        acc:
          scores:
            acc: {value: 0.5, stats: {count: 10, stderr: 0.1}}
"""
CONFIG = """execution: {output_dir: out}
target:
  api_endpoint: {url: "http://localhost:1/v1/chat/completions", model_id: tiny}
evaluation:
  tasks: [{name: ifeval}, {name: gsm8k}]
"""


def finished_run(machine: Machine, invocation: str = "3f2a9c1d") -> Run:
    """A run with a job that succeeded and one that failed at its second attempt, which had overrides."""
    run = machine.run(invocation, "alpha", "beta", samples=10)
    first, second = (job.id for job in run.plan.jobs)
    machine.happen(
        run,
        EngineStarted(4242, "boot", "2026-11-23T11:00:00.500Z"),
        change(first, "running", second=1),
        change(second, "running", second=1),
        change(first, "succeeded", second=9, score=SCORE, requests=COUNTS, exit_code=0),
        change(second, "failed", second=9, exit_code=1),
        RerunRequested(second, 2, "2026-11-23T11:00:10.000Z", ("execution.timeout=1h",)),
    )
    beta = run.paths.job("beta")
    beta.stdout.write_text("the first attempt\n")
    archive_attempt(beta, 1)
    changed = replace(run.plan.jobs[1], timeout=3600.0)
    keep_spec(beta, 2, Amendment(changed, ("execution.timeout=1h",), ("execution.timeout=1h",)).to_bytes())
    machine.happen(
        run,
        change(second, "running", second=11, attempt=2),
        change(second, "failed", second=20, attempt=2, detail="It ended with 3.", exit_code=3),
        EngineStopped("2026-11-23T11:00:21.000Z"),
        RunFinished("2026-11-23T11:00:21.000Z"),
    )
    _fill(run, first, second)
    return Run.open(run.paths.root)


def _fill(run: Run, first: str, second: str) -> None:
    paths, alpha, beta = run.paths, run.paths.job("alpha"), run.paths.job("beta")
    paths.config.write_text(CONFIG)
    made = [{"image": "busybox:1", "image_id": "sha256:1", "digests": ["busybox@sha256:2"]}]
    provenance = {
        "evaldock": "0.1", "python": "3.12", "host": {"name": "here"}, "docker": {"version": "28"},
        "config": {"path": "config.yaml", "sha256": "0"}, "jobs": {first: made, second: made},
    }  # fmt: skip
    texts: dict[Path, object] = {
        paths.live: {"at": "2026-11-23T11:00:20.000Z", "jobs": {first: {"progress": 7, "requests": FIGURES}}},
        paths.provenance: provenance,
        alpha.root / "requests.json": FIGURES,
        alpha.root / "requests.jsonl": {"id": "r1", "body": {"messages": [{"role": "user", "content": "2+2?"}]}},
        alpha.root / "responses.jsonl": {
            "id": "r1", "status": 200, "body": {"choices": [{"message": {"content": "4"}}]},
        },
        alpha.artifacts / "eval_factory_metrics.json": {"response_stats": {"count": 10, "successful_count": 10}},
        alpha.artifacts / "progress": 10,
    }  # fmt: skip
    for path, value in texts.items():
        path.write_text(json.dumps(value) + "\n")
    alpha.stdout.write_text("first line\nlast line\n")
    beta.stdout.write_text("it failed\n")
    (alpha.artifacts / "results.yml").write_text(RESULTS)
    for path, text in (
        (paths.engine_log, "started\n"),
        (paths.lock, ""),
        (paths.lock.with_name("engine.pid"), "4242\n"),
    ):
        path.write_text(text)


def files_of(run: Run) -> list[str]:
    """All files of a run, relative to it, and the directories that only hold requests."""
    root = run.paths.root
    return [str(path.relative_to(root)) for path in sorted(root.rglob("*")) if path.is_file()] + ["requests"]


def _write(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def damages(path: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Name and deed of each damage that there is for what is at `path`; a deed is done where nothing is any more."""
    yield "missing", lambda path: None
    yield "empty", _write(b"")
    if path.is_file() and path.stat().st_size > 1:
        yield "truncated", _write(path.read_bytes()[: path.stat().st_size // 2])
    yield "random bytes", _write(random.Random(7).randbytes(3000))
    yield "of another shape", _write(b'[1, {"a": 2}]\n')
    yield "null", _write(b"null\n")
    yield "deep", _write(b"[" * 20_000)
    yield "a directory", lambda path: path.mkdir()
    yield "a pipe", os.mkfifo
    yield "a link to nowhere", lambda path: path.symlink_to("/nonexistent/file")


@contextmanager
def damaged(path: Path, deed: Callable[[Path], object]) -> Iterator[None]:
    """Within, `path` is spoilt; then it is what it was."""
    aside = path.parent.parent / f"{path.name}.aside"
    path.rename(aside)
    try:
        deed(path)
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        aside.rename(path)


class Hung(BaseException):
    """A command that waits for ever; no command's own handling of errors may swallow it."""


@contextmanager
def ends_within(seconds: int) -> Iterator[None]:
    """Raises Hung where the code within does not come to its end."""

    def alarm(*_: object) -> None:
        raise Hung

    before = signal.signal(signal.SIGALRM, alarm)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def as_somebody_else() -> Iterator[None]:
    """Within, root is nobody in particular, so that permissions hold for the tests of root, too."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def picture(root: Path) -> dict[str, tuple[int, int, int]]:
    """Mode, size and time of the last change of everything below `root`."""
    found: dict[str, tuple[int, int, int]] = {}
    for folder, directories, files in os.walk(root):
        for name in (*directories, *files):
            status = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = status.st_mode, status.st_size, status.st_mtime_ns
    return found


def misbehaviour(result: Result) -> str:
    """What is wrong with how a command ended; "" when all is well."""
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return f"raised {result.exception!r}"
    if result.exit_code not in tuple(ExitCode):
        return f"exit code {result.exit_code}"
    if "Unexpected error" in result.output or "Traceback" in result.output:
        return f"no sentence: {result.output[-300:]}"
    if result.exit_code >= ExitCode.USAGE and len(result.stderr.split()) < 4:
        return f"exit code {result.exit_code} and only {result.stderr!r}"
    return ""


def places(tree: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value in a tree, itself included."""
    yield at
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def changed(tree: object, at: tuple[str | int, ...], value: object) -> object:
    """The tree with another value at one place."""
    if not at:
        return value
    result: Any = copy.deepcopy(tree)
    here = result
    for key in at[:-1]:
        here = here[key]
    here[at[-1]] = value
    return result
