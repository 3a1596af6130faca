"""One job's whole life in a worker thread: pull, create, start, wait, collect, record, remove."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from time import monotonic
from typing import TypeVar

from ..base.clock import boot_id
from ..base.errors import EvaldockError
from ..logs.failing import failing_line
from ..plan.container import container_name
from ..plan.spec import JobSpec
from ..results.apart import GivenUp, ReadingFailed, read_unless
from ..results.model import JobResult, NoResult, RequestCounts
from ..results.read import read_results
from ..run.events import JobState, Reason
from ..run.sizes import remember
from ..run.store import Run
from .executor import (
    Attempt,
    Cancelled,
    Executor,
    ExecutorUnavailable,
    Exit,
    FoundContainer,
    JobProblem,
    Pulling,
    os_problem,
)
from .gateway import Gateway
from .ledger import Ledger
from .outcome import NEVER_RAN, Ending, Outcome, Stop, decide, from_problem
from .prepare import write_inputs
from .space import FULL

log = logging.getLogger("evaldock.engine")

T = TypeVar("T")
INTERRUPTED_MARKER = ".nemo_evaluator_interrupted"
_STARTS_AT_ONCE = 6  # Docker gets slower, not faster, with more starts at a time
_RETRY = 0.5
_AFTER_KILL = 5.0  # seconds that reading may take of what a killed job left


class Left(EvaldockError):
    """The engine is going away: leave the container as it is, for the next engine to adopt."""


class Shared:
    """What the workers and the engine's own thread have in common."""

    def __init__(
        self, run: Run, env: Mapping[str, str], executor: Executor, ledger: Ledger, specs: Mapping[str, JobSpec]
    ) -> None:
        self.run, self.env, self.executor, self.ledger = run, env, executor, ledger
        self.specs = specs
        self.docker = executor.check()
        self.leaving = threading.Event()
        self.told: set[str] = set()
        self.gateway: Gateway | None = None
        self.notes: dict[str, str] = {}
        self.pulls: dict[str, Pulling] = {}
        self.timed_out: dict[str, float] = {}
        self.unrecoverable: dict[str, Stop] = {}
        self.docker_down = ""
        self.starts = threading.Semaphore(_STARTS_AT_ONCE)

    def spec(self, job: str) -> JobSpec:
        """What the newest attempt at `job` runs by."""
        return self.specs[job]

    def kill_level(self, job: str) -> int:
        """0 without a kill request, 1 for stop, 2 for kill at once."""
        return self.ledger.view(job).kill_requested

    def cancelled(self, job: str) -> bool:
        """Whether `job` is to end: killed, out of time, beyond recovery, or its engine leaves."""
        return self.leaving.is_set() or self.kill_level(job) > 0 or job in self.timed_out or job in self.unrecoverable


class JobWorker:
    """Takes one attempt at one job from its current state to a terminal one.

    The order of writes is fixed: intent, act, observe, record the outcome, and only then remove the container.
    So whenever this process dies, the journal and Docker together still tell what happened.
    """

    def __init__(self, shared: Shared, spec: JobSpec) -> None:
        self._s = shared
        self._job = spec
        number = shared.ledger.view(spec.id).attempt
        self._name = container_name(spec, number)
        paths = shared.run.paths.job(spec.dir_name)
        gateway = shared.gateway
        if gateway is None:
            self._attempt = Attempt(spec, number, paths)
        else:
            self._attempt = Attempt(
                gateway.wired(spec, number), number, paths, bypass=gateway.host(spec), door=gateway.door(spec)
            )

    def live(self, found: FoundContainer | None) -> None:
        """Run the attempt, or go on with the container that an earlier engine left."""
        try:
            self._record(self._outcome(found))
            # Removed even if it may never have been made: an answer of Docker's can be lost on its way.
            self._patiently(lambda: self._s.executor.remove(self._name), give_up=True)
        except Left:
            return
        except OSError:
            # The outcome could not be written: the container stays, and the next engine reads it from there.
            if not self._s.leaving.is_set():
                raise
        else:
            if self._s.gateway is not None:
                self._s.gateway.detach(self._job.id, self._attempt.number)
        finally:
            self._s.notes.pop(self._job.id, None)
            self._s.pulls.pop(self._job.id, None)

    def _outcome(self, found: FoundContainer | None) -> Outcome:
        try:
            if found is None or found.status == "created":
                self._launch(found)
            return self._await()
        except Cancelled:
            if self._s.leaving.is_set():
                raise Left from None
            return self._cancelled()
        except JobProblem as problem:
            return from_problem(problem)
        except Left:
            raise
        except OSError as error:
            if self._s.leaving.is_set():
                raise Left from None
            return from_problem(os_problem(error))
        except Exception:
            # A defect of ours must not leave a job that never ends, nor take the other jobs with it.
            log.exception("job %s", self._job.id)
            return from_problem(JobProblem(Reason.START_FAILED, "a defect in evaldock; see engine.log"))

    def _launch(self, found: FoundContainer | None) -> None:
        job, ledger, executor = self._job, self._s.ledger, self._s.executor
        if found is not None:
            # Half made by an engine that died: its environment may be stale, so it is made anew.
            self._patiently(lambda: executor.remove(found.name))
        pull = self._s.run.plan.pull
        image_id = self._patiently(lambda: executor.present(job, pull))
        if image_id is None:
            ledger.change(job.id, JobState.PULLING)
            image_id = self._patiently(lambda: executor.prepare(job, pull, self._pulling, self._is_cancelled))
        self._halt_if_cancelled()
        self._say_if_foreign(image_id)
        ledger.change(job.id, JobState.STARTING, image_id=image_id)
        self._when_there_is_room(lambda: write_inputs(self._attempt))
        if self._s.gateway is not None:
            self._s.gateway.add(job.id, self._attempt.number)
        with self._s.starts:
            self._halt_if_cancelled()
            self._patiently(lambda: executor.create(self._attempt, self._s.env))
            self._halt_if_cancelled()
            self._patiently(lambda: executor.start(self._name))
        ledger.change(job.id, JobState.RUNNING, container=self._name, image_id=image_id)

    def _say_if_foreign(self, image_id: str) -> None:
        """An image for another processor runs by emulation, if at all, and slowly."""
        about, runs = self._s.executor.image(image_id), self._s.docker.architecture
        if about is None or image_id in self._s.told or about.architecture in ("", "/", runs) or not runs:
            return
        self._s.told.add(image_id)
        self._s.ledger.say(
            f"{self._job.image} is made for {about.architecture}, and this Docker runs {runs}: it starts only by "
            "emulation, if at all, and slowly."
        )

    def _await(self) -> Outcome:
        ledger = self._s.ledger
        ledger.change(self._job.id, JobState.RUNNING, only_from=_NOT_YET, container=self._name)
        self._bind()
        # A kill that came in before the state said `running` found nothing to signal: it is carried out here.
        if self._is_cancelled():
            signal_job(self._s, self._job, self._name)
        ended = self._s.executor.wait(self._attempt, self._s.leaving.is_set, self._outage, self._is_cancelled)
        return self._collect(ended)

    def _bind(self) -> None:
        # Only on a network whose bridge is this machine's: elsewhere requests seem to come from another address.
        gateway = self._s.gateway
        if gateway is not None and gateway.hears(self._job):
            clients = self._patiently(lambda: self._s.executor.client_addresses(self._attempt), give_up=True)
            if clients:
                gateway.admit(self._job.id, clients)

    def _collect(self, ended: Exit | None) -> Outcome:
        problem = self._hand_back()
        job, paths = self._job, self._attempt.paths
        seen = self._s.gateway.detach(job.id, self._attempt.number) if self._s.gateway is not None else None
        # A task that was never told of the endpoint needs no request.
        result = self._results(seen.counts if seen is not None and job.knows_endpoint else None)
        view = self._s.ledger.view(job.id)
        outcome = decide(
            Ending(
                exit=ended,
                result=result,
                kill_level=view.kill_requested,
                timed_out=self._s.timed_out.get(job.id),
                interrupted=os.path.lexists(paths.artifacts / INTERRUPTED_MARKER),
                rebooted=view.started_boot not in ("", boot_id()),
                stop=(seen.stop if seen is not None else None) or self._s.unrecoverable.get(job.id),
                failing=failing_line(paths.stdout, self._secrets()) if ended is not None and ended.code else "",
            )
        )
        whole = seen is not None and not (seen.counts.unanswered or seen.counts.gaps)
        if seen is not None and whole and outcome.state is JobState.SUCCEEDED:
            remember(job, seen.counts.answered, self._s.env)
        if problem and outcome.state is JobState.SUCCEEDED and not outcome.detail:
            return replace(outcome, detail=problem)
        return outcome

    def _results(self, seen: RequestCounts | None) -> JobResult | NoResult:
        job, asked, since = self._job, self._s.kill_level(self._job.id), monotonic()

        def given_up() -> bool:
            # A killed job may have ended well just before, but it does not stay for what it left.
            level = self._s.kill_level(job.id)
            return self._s.leaving.is_set() or level > asked or (level > 0 and monotonic() - since > _AFTER_KILL)

        try:
            return read_unless(
                given_up,
                read_results,
                self._attempt.paths.artifacts,
                fmt=job.result_format,
                file=job.result_file,
                task=job.task,
                primary_metric=job.primary_metric,
                samples=None if job.estimated else job.samples,
                repeats=job.repeats,
                harness=job.harness,
                measure=job.measure,
                smoke=job.smoke,
                suspect=job.suspect_above,
                seen=seen,
            )
        except GivenUp:
            if self._s.leaving.is_set():
                raise Left from None
            return NoResult("no_results", "Its results were not read.", seen)
        except ReadingFailed as error:
            return NoResult("no_results", f"The results that the container left {error}.", seen)

    def _hand_back(self) -> str:
        try:
            self._patiently(lambda: self._s.executor.hand_back(self._attempt), give_up=True)
        except JobProblem as problem:
            return problem.detail
        except OSError as error:
            return f"some files could not be handed back: {error.strerror}"
        return ""

    def _cancelled(self) -> Outcome:
        if self._job.id in self._s.timed_out and not self._s.kill_level(self._job.id):
            return decide(Ending(Exit(143), NEVER_RAN, timed_out=self._s.timed_out[self._job.id]))
        return decide(Ending(None, NEVER_RAN, kill_level=1))

    def _secrets(self) -> Iterator[str | None]:
        """The secret values that the container got."""
        for ref in self._job.env:
            if ref.secret:
                yield ref.value.source if ref.value.kind == "lit" else self._s.env.get(ref.value.source)

    def _record(self, outcome: Outcome) -> None:
        self._s.ledger.change(
            self._job.id,
            outcome.state,
            reason=outcome.reason,
            detail=outcome.detail,
            exit_code=outcome.exit_code,
            score=outcome.score,
            requests=outcome.requests,
        )

    def _pulling(self, progress: Pulling) -> None:
        self._s.pulls[self._job.id] = progress
        self._s.notes[self._job.id] = progress.text

    def _is_cancelled(self) -> bool:
        return self._s.cancelled(self._job.id)

    def _halt_if_cancelled(self) -> None:
        if self._is_cancelled():
            raise Cancelled

    def _outage(self, down: bool) -> None:
        self._s.docker_down = f"Docker does not answer at {self._s.docker.address}" if down else ""
        if not down and self._is_cancelled() and not self._s.leaving.is_set():
            # The signal may have been lost with the daemon.
            signal_job(self._s, self._job, self._name)

    def _when_there_is_room(self, write: Callable[[], None]) -> None:
        """Write what the container needs, however long the disk is full. A kill or a leaving engine ends it."""
        while True:
            try:
                write()
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self._s.notes[self._job.id] = "waiting for disk space"
                self._s.leaving.wait(_RETRY)
                self._halt_if_cancelled()
            else:
                return

    def _patiently(self, call: Callable[[], T], *, give_up: bool = False) -> T:
        """Make a call that Docker's absence only delays. A kill (with `give_up`, also a leaving engine) ends it."""
        while True:
            try:
                result = call()
            except ExecutorUnavailable as error:
                self._s.docker_down = str(error)
                if self._s.leaving.wait(_RETRY):
                    raise Left from None
                if not give_up and self._is_cancelled():
                    raise Cancelled from None
            else:
                self._s.docker_down = ""
                return result


def signal_job(shared: Shared, job: JobSpec, name: str) -> None:
    """Stop or kill a job's container from a thread of its own; the worker that waits for it sees it end."""

    attempt = shared.ledger.view(job.id).attempt

    def act() -> None:
        while not shared.leaving.is_set():
            level = shared.kill_level(job.id)
            stop = None if level else shared.unrecoverable.get(job.id)
            reason = Reason.USER if level else stop.reason if stop else Reason.TIMEOUT
            view = shared.ledger.view(job.id)
            if view.attempt != attempt or view.state not in _SIGNALABLE:
                return
            if view.state is not JobState.STOPPING:
                shared.ledger.change(
                    job.id,
                    JobState.STOPPING,
                    only_from=_SIGNALABLE,
                    reason=reason,
                    detail=stop.detail if stop else "",
                    container=name,
                    soon=True,
                )
            try:
                if level > 1:
                    shared.executor.kill(name)
                else:
                    shared.executor.stop(name, job.kill_grace)
            except ExecutorUnavailable as error:
                shared.docker_down = str(error)
                shared.leaving.wait(_RETRY)
            else:
                return

    threading.Thread(target=act, daemon=True, name=f"stop {job.id}").start()


_SIGNALABLE = (JobState.RUNNING, JobState.STOPPING)
_NOT_YET = (JobState.QUEUED, JobState.PULLING, JobState.STARTING)
