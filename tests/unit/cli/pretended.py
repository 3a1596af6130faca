"""An executor that runs nothing: one more implementation of the engine's protocol, whose jobs end as told."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from evaldock.core.engine.executor import (
    About,
    Attempt,
    Cancelled,
    ExecutorUnavailable,
    Exit,
    FoundContainer,
    ImageFacts,
    Pulling,
    Usage,
)
from evaldock.core.plan.container import container_name
from evaldock.core.plan.spec import JobSpec

_RESULTS = """\
config: {type: ifeval}
results:
  tasks:
    ifeval:
      metrics:
        acc: {scores: {acc: {value: 0.75, stats: {stderr: 0.01, count: 100}}}}
"""


class Told:
    """An executor whose containers end with `code`, or only once they are stopped or killed."""

    def __init__(self, code: int = 0, *, endless: bool = False, deaf: bool = False, signals: int = 0) -> None:
        self._code = code
        self._endless = endless
        self._deaf = deaf
        self._signals = signals
        self._ended = threading.Event()
        self._attempts: dict[str, Attempt] = {}
        self.stopped = threading.Event()
        self.killed = threading.Event()
        self.down = ""

    def check(self) -> About:
        return About("pretended")

    def present(self, job: JobSpec, pull: str) -> str | None:
        return "sha256:0"

    def image(self, image_id: str) -> ImageFacts | None:
        return ImageFacts(image_id)

    def prepare(self, job: JobSpec, pull: str, progress: Callable[[Pulling], None], stop: Callable[[], bool]) -> str:
        return "sha256:0"

    def create(self, attempt: Attempt, env: Mapping[str, str]) -> None:
        self._attempts[container_name(attempt.job, attempt.number)] = attempt

    def start(self, name: str) -> None:
        if self._code == 0:
            (self._attempts[name].paths.artifacts / "results.yml").write_text(_RESULTS)

    def wait(
        self,
        attempt: Attempt,
        abandon: Callable[[], bool],
        down: Callable[[bool], None],
        signalled: Callable[[], bool],
    ) -> Exit | None:
        if self._signals:
            self._signals -= 1
            os.kill(os.getpid(), signal.SIGINT)
        while self._endless and not self._ended.wait(0.01):
            if abandon():
                raise Cancelled
        return Exit(143 if self._endless else self._code)

    def stop(self, name: str, grace: float) -> None:
        self.stopped.set()
        if not self._deaf:
            self._ended.set()
        elif self._signals:
            self._signals -= 1
            os.kill(os.getpid(), signal.SIGINT)

    def kill(self, name: str) -> None:
        self.killed.set()
        self._ended.set()

    def remove(self, name: str) -> None:
        pass

    def find(self, invocation: str | None) -> Sequence[FoundContainer]:
        if self.down:
            raise ExecutorUnavailable(self.down)
        return []

    def sample(self, name: str) -> Usage | None:
        return None

    def host_addresses(self, networks: Collection[str]) -> Mapping[str, str]:
        return {}

    def client_addresses(self, attempt: Attempt) -> Sequence[str]:
        return []

    def hand_back(self, attempt: Attempt) -> None:
        pass
