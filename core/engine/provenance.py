"""`provenance.json`: what a run was made with, so that it can be told, compared and done again."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import cast

from ..base.atomic import read_head, write_atomic
from ..base.narrow import Json
from ..base.urls import bare_url
from ..plan.spec import JobSpec
from ..plan.trees import tree_at
from ..run.figures import FIGURES_FILE
from ..run.paths import RunPaths
from ..run.state import JobView, RunState
from ..run.store import Run
from .executor import Executor, ExecutorUnavailable

SCHEMA = 1
_LIMIT = 1 << 20
_EVERY = 10.0  # seconds


class Provenance:
    """Composes the file from the journal, so that a later engine completes what an earlier one could not write.

    One object: `evaldock`, `python`, `host`, `docker`, `config` (path and SHA-256 of config.yaml), `plan`, `endpoint`
    (url, model_id), `replays` (the invocation that this run repeats, or "") as of the newest engine, and under `jobs`
    for each job id a list, one object an attempt: image with its id and registry digests, versions, seeds, endpoint,
    the `reported` model names, overrides, times and state.
    """

    def __init__(self, run: Run, executor: Executor) -> None:
        self._run = run
        self._executor = executor
        self._attempts: dict[tuple[str, int], Json] = dict(_kept(run.provenance()))
        self._seen: dict[str, JobView] = {}
        self._news = True
        self._next = monotonic() + _EVERY

    def note(self, state: RunState, specs: Mapping[str, JobSpec]) -> None:
        """Take up what has become known of the newest attempts."""
        for view in state.jobs.values():
            if view.image_id and self._seen.get(view.id) is not view:
                self._seen[view.id] = view
                self._attempts[view.id, view.attempt] = self._attempt(view, specs[view.id])
                self._news = True

    def write(self, *, now_and_then: bool = False) -> None:
        """Replace the file if there is news, with `now_and_then` not too often. A full disk only leaves the old one."""
        if not self._news or (now_and_then and monotonic() < self._next):
            return
        self._news, self._next = False, monotonic() + _EVERY
        about = self._executor.check()
        jobs: dict[str, list[Json]] = {}
        for (job, _), entry in sorted(self._attempts.items(), key=lambda item: item[0][1]):
            jobs.setdefault(job, []).append(entry)
        plan = self._run.plan
        tree: Json = {
            "schema": SCHEMA,
            "invocation": plan.invocation,
            "replays": plan.replays,
            "evaldock": evaldock_version(),
            "python": ".".join(map(str, sys.version_info[:3])),
            "host": _host(),
            "docker": {"version": about.version, "address": about.address},
            "config": {"path": plan.config_path, "sha256": _sha256(self._run.paths.config)},
            "plan": {"sha256": _sha256(self._run.paths.plan)},
            "endpoint": {"url": bare_url(plan.url), "model_id": plan.model_id},
        }
        lines = [f"{json.dumps(job.id)}: {json.dumps(jobs[job.id])}" for job in plan.jobs if job.id in jobs]
        # One line a job: Python's encoder is ten times slower when it has to indent.
        text = json.dumps(tree)[:-1] + ', "jobs": {\n' + ",\n".join(lines) + "\n}}\n"
        with contextlib.suppress(OSError):
            write_atomic(self._run.paths.provenance, text.encode(), sync=False)

    def _attempt(self, view: JobView, spec: JobSpec) -> Json:
        entry: Json = {
            "attempt": view.attempt,
            "task": spec.task,
            "harness": spec.harness,
            "image": spec.image,
            "image_id": view.image_id,
            **self._image(view.image_id),
            "evaldock": evaldock_version(),
            "docker": self._executor.check().version,
            "seeds": dict(seeds_of(spec)),
            "url": bare_url(spec.url),
            "model_id": spec.model_id,
            "reported": _reported(self._run.paths, spec, view.attempt),
            "overrides": list(view.overrides),
            "started": view.started,
            "ended": view.ended,
            "state": view.state.value,
        }
        return entry

    def _image(self, image_id: str) -> Json:
        try:
            facts = self._executor.image(image_id)
        except ExecutorUnavailable:
            facts = None
        if facts is None:
            return {"digests": []}
        return {
            "digests": list(facts.digests),
            "image_created": facts.created,
            "image_version": facts.version,
            "image_revision": facts.revision,
            "architecture": facts.architecture,
        }


@functools.cache
def evaldock_version() -> str:
    """The installed version, "" when it is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("evaldock")
    except PackageNotFoundError:
        return ""


def seeds_of(spec: JobSpec) -> Iterator[tuple[str, object]]:
    """Dotted path and value of every parameter of the task that is called a seed."""
    yield from _seeds(tree_at(spec.run_config, "config", "params"), "")


def _seeds(tree: Mapping[str, object], at: str) -> Iterator[tuple[str, object]]:
    for key, value in tree.items():
        path = f"{at}.{key}" if at else key
        if isinstance(value, dict):
            yield from _seeds(cast(Json, value), path)
        elif "seed" in key.lower().split("_"):
            yield path, value


def _reported(paths: RunPaths, spec: JobSpec, attempt: int) -> list[str]:
    """The names that the endpoint gave the model in its answers, as far as the proxy saw them."""
    data = read_head(paths.job(spec.dir_name).root / FIGURES_FILE, _LIMIT)
    try:
        tree: object = json.loads(data or b"{}")
    except ValueError:
        return []
    figures = cast(Json, tree) if isinstance(tree, dict) else {}
    names = figures.get("models")
    if figures.get("attempt") != attempt or not isinstance(names, list):
        return []
    return [str(name) for name in cast("list[object]", names)]


def _kept(tree: Json) -> Iterator[tuple[tuple[str, int], Json]]:
    jobs = tree.get("jobs")
    for job, entries in cast(Json, jobs).items() if isinstance(jobs, dict) else ():
        for entry in cast("list[object]", entries) if isinstance(entries, list) else ():
            attempt = cast(Json, entry).get("attempt") if isinstance(entry, dict) else None
            if isinstance(attempt, int):
                yield (job, attempt), cast(Json, entry)


def _host() -> Json:
    name = os.uname()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "name": name.nodename,
        "system": f"{name.sysname} {name.release}",
        "machine": name.machine,
        "cpus": os.cpu_count(),
        "memory": memory,
    }


def _sha256(path: os.PathLike[str]) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
