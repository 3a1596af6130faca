"""Pulling images: once per image however many jobs wait for it, with progress, and giving up at once on request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..executor import Cancelled, JobProblem, Pulling
from .client import ApiClient
from .errors import is_outage, pull_problem, unavailable

_LOOK_EVERY = 0.1
_ASKING = Pulling("asking the registry")


@dataclass
class _Pull:
    """One pull under way; `done` is set after `error` or success."""

    done: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None
    progress: Pulling = _ASKING


class Puller:
    """Shares one pull between the jobs that wait for the same image.

    Docker offers no way to cancel a pull but to close its stream, so a pull runs in a thread of its own: a job
    that is killed stops waiting, and the pull goes on for the others or ends with the engine.
    """

    def __init__(self, client: Callable[[], ApiClient], where: Callable[[], str]) -> None:
        self._client = client
        self._where = where
        self._lock = threading.Lock()
        self._pulls: dict[str, _Pull] = {}
        # `pull: always` means once a run, not once a job.
        self._fresh: set[str] = set()

    def pull(self, image: str, progress: Callable[[Pulling], None], stop: Callable[[], bool]) -> None:
        """Block until `image` is there. Raises JobProblem, ExecutorUnavailable or Cancelled."""
        with self._lock:
            if image in self._fresh:
                return
            pull = self._pulls.get(image)
            if pull is None:
                pull = self._pulls[image] = _Pull()
                threading.Thread(target=self._run, args=(image, pull), daemon=True, name="pull").start()
        shown: Pulling | None = None
        while not pull.done.wait(_LOOK_EVERY):
            if stop():
                raise Cancelled
            if pull.progress != shown:
                shown = pull.progress
                progress(shown)
        if pull.error is not None:
            raise pull.error

    def _run(self, image: str, pull: _Pull) -> None:
        try:
            self._stream(image, pull)
            self._fresh.add(image)
        except JobProblem as problem:
            pull.error = problem
        except Exception as error:  # noqa: BLE001 - the waiting jobs must hear of any failure of this thread
            pull.error = unavailable(error, self._where()) if is_outage(error) else pull_problem(str(error), image)
        finally:
            with self._lock:
                self._pulls.pop(image, None)
            pull.done.set()

    def _stream(self, image: str, pull: _Pull) -> None:
        name, tag = split_tag(image)
        layers: dict[str, tuple[int, int]] = {}
        finished: set[str] = set()
        complete = False
        for line in self._client().pull(name, tag=tag, stream=True, decode=True):
            if "error" in line:
                raise pull_problem(str(line["error"]), image)
            complete = complete or str(line.get("status", "")).startswith(("Status: ", "Digest: "))
            note_layer(line, layers, finished)
            pull.progress = describe(layers, finished)
        if not complete:
            # A daemon that goes away ends the stream as if all were well.
            raise ConnectionError("the pull was broken off")


def split_tag(image: str) -> tuple[str, str | None]:
    """`repo:tag` as the pull call wants it; a digest stays with the name and `latest` is Docker's own default."""
    if "@" in image:
        name, _, digest = image.partition("@")
        return name, digest
    head, _, last = image.rpartition("/")
    name, colon, tag = last.partition(":")
    return (f"{head}/{name}" if head else name), (tag if colon else "latest")


def note_layer(line: Mapping[str, Any], layers: dict[str, tuple[int, int]], finished: set[str]) -> None:
    """Fold one progress line of Docker's pull stream into bytes per layer and the set of layers that are done."""
    layer, status = str(line.get("id") or ""), str(line.get("status") or "")
    if not layer or status.startswith("Pulling from"):
        return
    detail: Mapping[str, Any] = line.get("progressDetail") or {}
    layers.setdefault(layer, (0, 0))
    if status == "Downloading" and detail.get("total"):
        layers[layer] = (int(detail.get("current", 0)), int(detail["total"]))
    if status in ("Pull complete", "Already exists"):
        finished.add(layer)
        total = layers[layer][1]
        layers[layer] = (total, total)


def describe(layers: Mapping[str, tuple[int, int]], finished: set[str]) -> Pulling:
    """`layer 3/7, 12/80 MB`: what a pull has done so far."""
    if not layers:
        return _ASKING
    text = f"layer {len(finished)}/{len(layers)}"
    have, total = (sum(pair[i] for pair in layers.values()) for i in (0, 1))
    return Pulling(f"{text}, {have / 1e6:.0f}/{total / 1e6:.0f} MB" if total else text, have, total)
