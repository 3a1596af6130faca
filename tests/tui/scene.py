"""Runs on disk for the dashboard's tests: made with the code that makes real ones, without Docker.

`nightly` is the run of the reference pictures: sixteen tasks in every state that there is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evaldock.core.base.clock import boot_id, utc_iso
from evaldock.core.base.lock import EngineLock
from evaldock.core.base.narrow import Json
from evaldock.core.plan.spec import JobSpec, Plan
from evaldock.core.run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobChanged,
    JobState,
    Reason,
    RerunRequested,
    RunFinished,
)
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import create_run
from evaldock.core.run.score import Score
from evaldock.core.run.store import Run

GIB = 1 << 30


@dataclass(frozen=True)
class Task:
    """A task and how far it has come. `ran` is seconds in its state (running), or how long it took (ended)."""

    name: str
    state: str = "queued"
    ran: float = 0.0
    attempt: int = 1
    reason: str | None = None
    detail: str = ""
    exit_code: int | None = None
    samples: int | None = None
    score: Score | None = None
    live: Json = field(default_factory=dict[str, object])
    harness: str = "simple_evals"
    image: str = "evaldock/contract:local"


def score(value: float, stderr: float | None, n: int, *, valid: bool = True, why: str = "") -> Score:
    """A score as the journal holds it."""
    return Score("acc", value, stderr, n, "valid" if valid else "invalid", why)


def rates(*levels: int) -> list[int]:
    """Sixty seconds of requests that rise and fall through these levels."""
    return [levels[second * len(levels) // 60] for second in range(60)]


def requests(ok: int, in_flight: int, per_second: Sequence[int], **more: object) -> Json:
    """What the proxy tells of a job."""
    latency = {"p50": 410.0, "p90": 980.0, "p99": 12400.0}
    return {
        "sent": ok,
        "in_flight": in_flight,
        "ok": ok,
        "failed": 0,
        "latency_ms": latency,
        "rates": list(per_second),
        "rate": sum(per_second[-10:]) / 10,
        **more,
    }


NIGHTLY = (
    Task("gpqa_diamond", "running", 761, samples=198, live={
        "cpu": 212.0, "memory": int(3.1 * GIB), "memory_limit": 16 * GIB, "progress": 121,
        "requests": requests(121, 8, rates(3, 4, 4, 5, 6, 5, 4), by_status={"200": 121, "429": 3}),
    }),
    Task("mmlu_pro", "running", 760, samples=12032, live={
        "cpu": 187.0, "memory": int(2.9 * GIB), "memory_limit": 16 * GIB, "progress": 1842,
        "requests": requests(1842, 16, rates(5, 7, 8, 9, 10, 9, 10)),
    }),
    Task("ifbench", "running", 535, attempt=2, samples=294, live={
        "cpu": 96.0, "memory": int(1.2 * GIB), "progress": 271, "requests": requests(271, 2, rates(6, 5, 4, 3, 2, 2)),
    }),
    Task("humaneval_instruct", "running", 190, live={
        "cpu": 41.0, "memory": 812 << 20, "progress": 412, "requests": requests(412, 2, rates(1, 2, 3, 2, 3, 2, 2)),
    }),
    Task("bfclv3", "pulling", 48, live={
        "note": "1.9/4.2 GiB", "pull": {"done": int(1.9 * GIB), "total": int(4.2 * GIB), "rate": 38 << 20},
    }),
    Task("mtbench", "starting", 2),
    Task("truthfulqa", "stopping", 242, live={"cpu": 3.0, "memory": 640 << 20}),
    Task("bbh_instruct", "failed", 7, attempt=2, reason="oom", exit_code=137,
         detail="out of memory, exit 137: raise execution.resources.memory"),
    Task("livecodebench", "failed", 1, reason="image_not_found",
         detail="There is no image livecodebench:26.30: check its name and tag."),
    Task("gsm8k", "succeeded", 1268, samples=1319, score=score(0.781, 0.011, 1319)),
    Task("arc_challenge", "succeeded", 573, samples=1172, score=score(0.583, 0.014, 1172)),
    Task("mmlu", "succeeded", 2027, samples=14042, score=score(0.683, 0.004, 14042)),
    Task("math_test_500", "succeeded", 860, samples=500, score=score(
        0.412, 0.022, 500, valid=False, why="214 of 500 answers were cut off by the token limit.")),
    Task("winogrande", "killed", 140, reason="user", detail="killed on request", exit_code=143, samples=1267),
    Task("aime_2025"),
    Task("simpleqa"),
)  # fmt: skip


class Scene:
    """A home of its own with runs in it. `env` leads evaldock there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.output = root / "results"
        self.env = {
            "HOME": str(root),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "DOCKER_HOST": "unix:///nonexistent",
        }
        self._locks: list[EngineLock] = []

    def run(
        self,
        invocation: str = "4f2a9c1e",
        tasks: Sequence[Task] = NIGHTLY,
        *,
        config: str = "nightly",
        model: str = "llama-3.1-8b-instruct",
        ago: timedelta = timedelta(minutes=41, seconds=12),
        engine: bool = False,
        docker: str = "ok",
    ) -> Run:
        """A run that was made `ago`, with its tasks as they say; with `engine` somebody holds its lock."""
        created = datetime.now(UTC) - ago
        jobs = tuple(_spec(invocation, index, task, model) for index, task in enumerate(tasks))
        plan = Plan(
            invocation, str(self.output), "parallel", 7, "missing", model, "http://localhost:8000/v1/chat/completions",
            jobs, config_path=str(self.root / f"{config}.yaml"),
        )  # fmt: skip
        tree: dict[str, object] = {
            "execution": {"output_dir": str(self.output), "mode": "parallel"},
            "target": {"api_endpoint": {"url": plan.url, "model_id": model}},
            "evaluation": {"tasks": [{"name": task.name} for task in tasks]},
        }
        run = Run.open(create_run(plan, tree, now=created, env=self.env).root)
        self.happen(run, EngineStarted(1, boot_id(), utc_iso(created)))
        over = not any(_alive(task) or task.state == "queued" for task in tasks)
        # A run that is over took as long as its longest task, from when it was made.
        now = (
            created + timedelta(seconds=10 + max((task.ran for task in tasks), default=0))
            if over
            else datetime.now(UTC)
        )
        for spec, task in zip(jobs, tasks, strict=True):
            self.happen(run, *_story(spec.id, task, now))
        if over:
            self.happen(run, RunFinished(utc_iso(now)), EngineStopped(utc_iso(now), "done"))
        self.live(run, {spec.id: task for spec, task in zip(jobs, tasks, strict=True)}, docker)
        if engine:
            self.hold(run)
        return run

    def happen(self, run: Run, *events: Event) -> None:
        """Append events to the run's journal."""
        writer = JournalWriter(run.paths.journal)
        for event in events:
            writer.append(event)
        writer.close()

    def change(self, run: Run, index: int, state: str, **more: Any) -> None:
        """Job number `index` comes into a state, now."""
        job = f"{run.invocation}.{index}"
        attempt = run.state().jobs[job].attempt
        self.happen(run, JobChanged(job, attempt, JobState(state), utc_iso(), time.monotonic(), **more))

    def live(self, run: Run, tasks: Mapping[str, Task], docker: str = "ok") -> None:
        """Write live.json as an engine would."""
        jobs = {job: {"state": task.state, **task.live} for job, task in tasks.items() if _alive(task)}
        figures = {"at": utc_iso(), "docker": docker, "paused": False, "jobs": jobs}
        run.paths.live.write_text(json.dumps(figures), encoding="utf-8")

    def log(self, run: Run, index: int, text: str) -> Path:
        """Append to what job number `index` printed; the file."""
        path = run.paths.job(run.plan.jobs[index].dir_name).stdout
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        return path

    def hold(self, run: Run) -> None:
        """Hold the run's lock, as its engine does."""
        lock = EngineLock(run.paths.lock)
        assert lock.acquire()
        self._locks.append(lock)

    def close(self) -> None:
        """Let all engines go."""
        while self._locks:
            self._locks.pop().release()


def _spec(invocation: str, index: int, task: Task, model: str) -> JobSpec:
    return JobSpec(
        id=f"{invocation}.{index}", index=index, task=task.name, harness=task.harness, image=task.image, digest="",
        endpoint_type="chat", url="http://localhost:8000/v1/chat/completions", model_id=model,
        command=("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml"), dir_name=task.name,
        samples=task.samples, position=index,
    )  # fmt: skip


def _alive(task: Task) -> bool:
    return task.state in ("pulling", "starting", "running", "stopping")


def _story(job: str, task: Task, now: datetime) -> list[Event]:
    """The events that brought a task where it is."""
    mono = time.monotonic()
    events: list[Event] = []

    def change(state: str, ago: float, attempt: int, **more: Any) -> None:
        at = utc_iso(now - timedelta(seconds=ago))
        events.append(JobChanged(job, attempt, JobState(state), at, mono - ago, **more))

    for attempt in range(1, task.attempt):
        change("running", 1000, attempt)
        change("failed", 900, attempt, reason=Reason.EXIT_NONZERO, exit_code=1)
        events.append(RerunRequested(job, attempt + 1, utc_iso(now - timedelta(seconds=899))))
    ran, attempt = task.ran, task.attempt
    container = f"evaldock-{job.replace('.', '-')}-a{attempt}"
    if task.state in ("pulling", "starting"):
        change(task.state, ran, attempt)
    elif task.state in ("running", "stopping"):
        change("running", ran, attempt, container=container)
        if task.state == "stopping":
            change("stopping", 3, attempt)
    elif task.state != "queued":
        change("running", ran + 5, attempt, container=container)
        change(task.state, 5, attempt, reason=Reason(task.reason) if task.reason else None, detail=task.detail,
               exit_code=task.exit_code, score=task.score)  # fmt: skip
    return events
