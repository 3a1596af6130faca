"""The engine: owns one run, hands its jobs to worker threads and carries out what the faces ask for."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from ..base.clock import boot_id, utc_iso
from ..base.lock import EngineLock
from ..config.suggest import listing
from ..plan.codec import PlanDamaged
from ..plan.spec import JobSpec
from ..run.access import refuse_foreign, refuse_when_read_only
from ..run.amendment import Amendment
from ..run.events import (
    EngineStarted,
    EngineStopped,
    Event,
    JobState,
    KillRequested,
    Paused,
    Reason,
    RerunRequested,
    RunFinished,
    Unpaused,
)
from ..run.journal import JournalWriter
from ..run.layout import UnsafePath, archive_attempt, keep_spec
from ..run.requests import KillRequest, PauseRequest, Request, RerunRequest, done, take_requests
from ..run.state import JobView, RunState
from ..run.store import Run, RunDamaged
from .executor import EngineBusy, Executor, ExecutorUnavailable, FoundContainer
from .gateway import Gateway, first_attempts, stop_of
from .ledger import Ledger
from .live import LiveWriter, Scheduling
from .outcome import NEVER_RAN, Ending, Stop, decide
from .pool import WorkerPool
from .provenance import Provenance
from .quota import Quotas, Watched
from .space import Space
from .worker import JobWorker, Shared, signal_job

log = logging.getLogger("evaldock.engine")

_TICK = 0.1  # seconds between looks at the request directory
_LIVE_EVERY = 1.0


class Engine:
    """Runs the jobs of one run until all have ended and nothing more is asked.

    `env` gives the values of the containers' variables. `start_jobs=False` makes an engine that carries out
    requests on a run whose engine died, without going on with its queue. `on_event` is called with every event,
    `on_notice` with sentences about trouble that is no event; both from any thread, and both must be quick.
    """

    def __init__(
        self,
        run: Run,
        env: Mapping[str, str],
        executor: Executor,
        *,
        on_event: Callable[[Event], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
        start_jobs: bool = True,
    ) -> None:
        self._run = run
        self._env = env
        self._executor = executor
        self._on_event = on_event
        self._on_notice = on_notice or log.warning
        self._start_jobs = start_jobs
        self._specs: dict[str, JobSpec] = {job.id: job for job in run.plan.jobs}
        self._paused = False
        self._owning = False
        # Plain attributes: a signal handler sets them, and taking a lock there could deadlock.
        self._interrupts = 0
        self._carried_out = 0
        self._leave = False

    def interrupt(self) -> None:
        """First call: stop every job. Second: kill them. Safe in a signal handler."""
        self._interrupts += 1

    def leave(self) -> None:
        """Let go of the run and leave its containers to the next engine. Safe in a signal handler."""
        self._leave = True
        if self._owning:
            self._ledger.give_up = True

    def run(self) -> RunState:
        """Work until every job is terminal.

        Raises EngineBusy, RequestRefused (read-only, a run of another user), OSError, and ExecutorUnavailable when
        Docker is away at the start.
        """
        refuse_when_read_only()
        refuse_foreign(self._run.paths.root)
        # Requests are taken from this very directory, whatever may come to stand in its place.
        self._run_fd = os.open(self._run.paths.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return self._run_until_done()
        finally:
            os.close(self._run_fd)

    def _run_until_done(self) -> RunState:
        state: RunState | None = None
        while True:
            lock = EngineLock(self._run.paths.lock)
            if not lock.acquire():
                if state is not None:
                    return state
                raise EngineBusy(f"Run {self._run.invocation} already has an engine at work. Watch it: evaldock status")
            try:
                state = self._own()
            finally:
                lock.release()
            # What was asked in the last moment found an engine that no longer looked.
            if self._leave or not take_requests(self._run.paths, self._run_fd):
                return state

    def _own(self) -> RunState:
        self._executor.check()
        home = os.path.realpath(self._run.paths.root)
        found = [item for item in self._executor.find(self._run.invocation) if item.run_dir == home]
        journal = JournalWriter(self._run.paths.journal)
        before = self._run.state()
        ledger = self._ledger = Ledger(journal, before, self._on_event, self._on_notice)
        self._owning = True
        ledger.give_up = self._leave
        self._shared = Shared(self._run, self._env, self._executor, ledger, self._specs)
        self._quotas = Quotas(self._on_notice)
        self._space = Space(self._run.paths.root, self._on_notice)
        self._provenance = Provenance(self._run, self._executor)
        self._pool = WorkerPool(self._run.plan.workers, self._work_on)
        self._paused = before.paused
        self._hold()
        why = "died"
        try:
            ledger.record(EngineStarted(pid=os.getpid(), boot_id=boot_id(), at=utc_iso()))
            self._read_specs()
            self._provenance.note(before, self._specs)
            self._open_gateway()
            self._adopt(found)
            self._loop()
            why = "left" if self._leave else "done"
        finally:
            self._shut_down(why)
        return ledger.state

    def _read_specs(self) -> None:
        """The spec of each job's newest attempt; a job whose spec is lost ends here, since no other may stand in."""
        for job in self._specs:
            try:
                self._specs[job] = self._run.job(job)
            except RunDamaged as error:
                self._ledger.change(job, JobState.FAILED, reason=Reason.START_FAILED, detail=str(error))

    def _open_gateway(self) -> None:
        if not self._run.plan.proxy:
            return
        networks = {spec.docker.network or "" for spec in self._specs.values()}
        gateway = Gateway(self._run, self._env, self._executor.host_addresses(networks), self._on_notice)
        gateway.open(first_attempts(self._ledger.state, self._run.plan.workers))
        self._shared.gateway = gateway

    def _shut_down(self, why: str) -> None:
        self._shared.leaving.set()
        self._pool.close()
        ledger = self._ledger
        try:
            self._provenance.note(ledger.state, self._specs)
            self._provenance.write()
            if why == "done" and ledger.state.done:
                ledger.record(RunFinished(at=utc_iso()))
            if self._shared.gateway is not None and ledger.state.done:
                self._shared.gateway.stop()
            if why == "done" and ledger.state.done:
                self._remember()
                self._export()
            ledger.record(EngineStopped(at=utc_iso(), why=why), soon=True)
        finally:
            ledger.close()

    def _remember(self) -> None:
        """Keep how much the repeats of this run differ; a later comparison does without it where that fails."""
        from ..results.noise import remember

        if not any(spec.repeat or spec.repeats > 1 for spec in self._specs.values()):
            return
        try:
            remember(self._run, self._env)
        except (OSError, RunDamaged) as error:
            self._on_notice(f"How much the repeats differ is not remembered: {error}")

    def _export(self) -> None:
        """Deliver the scores where the config wants them; what went wrong is said and changes nothing of the run."""
        from ..results.auto_export import auto_export

        for delivered in auto_export(self._run, self._env):
            if delivered.problem:
                self._on_notice(f"The export to {delivered.destination} failed: {delivered.problem}")
            else:
                self._on_notice(f"Exported to {delivered.destination}: {listing(delivered.places, 3)}")

    def _adopt(self, found: Sequence[FoundContainer]) -> None:
        """Bring journal and Docker together: what runs is taken over, what never started is queued again."""
        self._take_requests()
        current: dict[str, FoundContainer] = {}
        for item in found:
            view = self._ledger.state.jobs.get(item.job)
            if view is None or item.attempt != view.attempt or view.state.terminal:
                self._executor.remove(item.name)
            else:
                current[item.job] = item
        for spec in self._specs.values():
            self._take_over(spec, current.get(spec.id))

    def _take_over(self, spec: JobSpec, found: FoundContainer | None) -> None:
        view = self._ledger.view(spec.id)
        if view.state.terminal or spec.id in self._pool:
            return
        if not self._start_jobs and not view.kill_requested:
            return
        if view.state is JobState.STOPPING and view.reason is Reason.TIMEOUT and spec.timeout is not None:
            self._shared.timed_out[spec.id] = spec.timeout
        for reason in (Reason.UNAUTHORIZED, Reason.INTERCEPTOR, Reason.QUOTA):
            if view.state is JobState.STOPPING and view.reason is reason:
                self._shared.unrecoverable[spec.id] = Stop(reason, view.detail)
        ran = view.state in (JobState.RUNNING, JobState.STOPPING)
        if found is not None and (found.status != "created" or ran):
            self._pool.put(spec.id, found)
        elif ran:
            gone = decide(
                Ending(None, NEVER_RAN, view.kill_requested, rebooted=view.started_boot not in ("", boot_id()))
            )
            self._ledger.change(spec.id, gone.state, reason=gone.reason, detail=gone.detail)
        elif view.kill_requested:
            self._end_unstarted(spec.id, found)
        else:
            if view.state is not JobState.QUEUED:
                self._ledger.change(spec.id, JobState.QUEUED)
            self._pool.put(spec.id, found)

    def _end_unstarted(self, job: str, found: FoundContainer | None) -> None:
        self._ledger.change(job, JobState.KILLED, reason=Reason.USER, detail="killed before it started", soon=True)
        if found is not None:
            with contextlib.suppress(ExecutorUnavailable):  # the next engine finds it as a leftover
                self._executor.remove(found.name)

    def _loop(self) -> None:
        with contextlib.closing(LiveWriter(self._shared)) as live:
            self._work_through(live)

    def _work_through(self, live: LiveWriter) -> None:
        next_live = 0.0
        while not self._leave:
            self._carry_out_interrupts()
            self._take_requests()
            self._check_deadlines()
            if self._shared.gateway is not None:
                self._shared.gateway.maintain()
            if self._pool.idle or (self._paused and not self._pool.busy and not self._start_jobs):
                break
            self._pool.spawn_workers()
            if monotonic() >= next_live:
                next_live = monotonic() + _LIVE_EVERY
                self._look_around(live)
                self._stop_hopeless()
            self._pool.wait(_TICK)
        self._look_around(live)

    def _look_around(self, live: LiveWriter) -> None:
        """Once a second: write the figures down, and mind the space that this takes."""
        queue = self._pool.waiting()
        holding = "paused" if self._paused else self._space.disk.note if self._space.disk else ""
        written = live.write(Scheduling(self._paused, queue, holding if queue else "", self._space.disk))
        self._space.look(refusing=not written)
        self._hold()
        self._provenance.note(self._ledger.state, self._specs)
        self._provenance.write(now_and_then=True)

    def _hold(self) -> None:
        self._pool.hold(self._paused or self._space.full)

    def _work_on(self, job: str, found: FoundContainer | None) -> None:
        try:
            JobWorker(self._shared, self._specs[job]).live(found)
        except OSError:
            log.exception("The outcome of %s cannot be written; its container stays.", job)
            self._leave = True

    def _carry_out_interrupts(self) -> None:
        asked = min(self._interrupts, 2)
        if asked > self._carried_out:
            self._carried_out = asked
            if asked > 1 and self._shared.docker_down:
                # There is nobody to carry it out: the next engine collects what is left.
                self._leave = True
            self._kill(None, force=asked > 1)

    def _take_requests(self) -> None:
        for request in take_requests(self._run.paths, self._run_fd):
            if self._leave:
                return
            try:
                self._carry_out(request)
            except (OSError, UnsafePath, PlanDamaged) as error:
                self._on_notice(f"Cannot do what was asked ({type(request).__name__}): {error}")
            if not self._leave:
                # Otherwise it stays open, and the next engine carries it out to its end.
                done(request)

    def _carry_out(self, request: Request) -> None:
        match request:
            case KillRequest(job=job, force=force):
                self._kill(job, force)
            case RerunRequest():
                self._rerun(request)
            case PauseRequest(on=on):
                self._ledger.record(Paused(at=utc_iso()) if on else Unpaused(at=utc_iso()))
                self._paused = on
                self._hold()

    def _kill(self, job: str | None, force: bool) -> None:
        """Kill one job, or all. The queue goes first, so that no new job starts while others are being stopped."""
        chosen = list(self._specs) if job is None else [job] if job in self._specs else []
        for one in chosen:
            view = self._ledger.view(one)
            if view.state.terminal or view.kill_requested >= (2 if force else 1):
                continue
            self._ledger.record(KillRequested(job=one, attempt=view.attempt, force=force, at=utc_iso()), soon=True)
        for one, found in self._pool.take_out(chosen).items():
            self._end_unstarted(one, found)
        for one in chosen:
            view = self._ledger.view(one)
            if view.kill_requested and view.state in (JobState.RUNNING, JobState.STOPPING) and view.container:
                signal_job(self._shared, self._specs[one], view.container)

    def _rerun(self, request: RerunRequest) -> None:
        """Queue a new attempt of an ended job; a request for an attempt that exists already was carried out before.

        Everything that the attempt needs is on disk before the journal tells of it, and the request goes last: an
        engine that dies in between leaves a request that the next one carries out from its start.
        """
        job, attempt = request.job, request.attempt
        spec = self._specs.get(job)
        if spec is None or not self._ledger.view(job).state.terminal:
            return
        view = self._ledger.view(job)
        if attempt != view.attempt + 1:
            return
        amendment = Amendment.from_bytes(request.amendment, spec) if request.amendment else None
        paths = self._run.paths.job(spec.dir_name)
        archive_attempt(paths, view.attempt)
        if amendment is not None:
            keep_spec(paths, attempt, request.amendment)
            spec = amendment.spec
        shown = amendment.shown if amendment is not None else ()
        self._shared.timed_out.pop(job, None)
        self._shared.unrecoverable.pop(job, None)
        self._provenance.note(self._ledger.state, self._specs)
        self._ledger.record(RerunRequested(job=job, attempt=attempt, at=utc_iso(), overrides=shown))
        self._specs[job] = spec
        self._pool.put(job)

    def _stop_hopeless(self) -> None:
        """Stop the jobs of which the proxy found out that they cannot succeed, and those that fill the disk."""
        running = {job: view for job, view in self._ledger.state.jobs.items() if view.state is JobState.RUNNING}
        gateway = self._shared.gateway
        for job, figures in gateway.live().items() if gateway is not None else ():
            stop = stop_of(figures)
            if stop is not None and job in running and figures.get("attempt") == running[job].attempt:
                self._stop_for(running[job], stop)
        for job, view in running.items():
            if (stop := self._quotas.exceeded(job, view.attempt)) is not None:
                self._stop_for(view, stop)
        specs = [(self._specs[job], view.attempt) for job, view in running.items()]
        self._quotas.look([Watched(spec, number, self._run.paths.job(spec.dir_name)) for spec, number in specs])

    def _stop_for(self, view: JobView, stop: Stop) -> None:
        if not view.kill_requested and view.id not in self._shared.unrecoverable:
            self._shared.unrecoverable[view.id] = stop
            self._on_notice(f"{self._specs[view.id].task} is stopped. {stop.detail}")
            signal_job(self._shared, self._specs[view.id], view.container)

    def _check_deadlines(self) -> None:
        for spec in self._specs.values():
            if spec.timeout is None or spec.id in self._shared.timed_out:
                continue
            view = self._ledger.view(spec.id)
            if view.state is not JobState.RUNNING or view.started_mono is None or view.kill_requested:
                continue
            if monotonic() - view.started_mono > spec.timeout:
                self._shared.timed_out[spec.id] = spec.timeout
                signal_job(self._shared, spec, view.container)
