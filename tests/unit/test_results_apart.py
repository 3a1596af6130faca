"""What a container wrote is read in a process of its own, whose limits and end cost nobody else anything."""

from __future__ import annotations

import json
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, cast

import pytest
from evaldock.core.base.clock import utc_iso
from evaldock.core.engine import worker as worker_module
from evaldock.core.engine.executor import Executor
from evaldock.core.engine.ledger import Ledger
from evaldock.core.engine.worker import JobWorker, Left, Shared
from evaldock.core.results import apart
from evaldock.core.results.apart import (
    GivenUp,
    ReaderAnswer,
    ReadingFailed,
    _unpacked,
    end_idle,
    prepare,
    read_apart,
    read_unless,
)
from evaldock.core.results.model import NoResult
from evaldock.core.results.read import read_results
from evaldock.core.results.reader import sent
from evaldock.core.results.tree import read_tree, tree_apart
from evaldock.core.run.events import JobState, KillRequested
from evaldock.core.run.journal import JournalWriter

from .test_engine_live import Answers
from .test_run_layout import make_plan, new_run
from .test_run_state import JOB

FORMAT: dict[str, Any] = {"fmt": "json", "file": "", "task": "t", "primary_metric": "", "harness": "sample"}
SPEC = replace(make_plan(Path("/"), "t").jobs[0], result_format="json")


def test_a_member_of_an_enum_is_read_also_where_python_names_it_by_getattr(monkeypatch: pytest.MonkeyPatch) -> None:
    # As Python 3.11.2 has it, which is Debian 12's.
    monkeypatch.setattr(Enum, "__reduce_ex__", lambda self, _protocol: (getattr, (type(self), self._name_)))
    assert _unpacked(sent(ReaderAnswer([JobState.LOST, 1.5]))) == ReaderAnswer([JobState.LOST, 1.5])


def test_what_is_read_apart_is_what_is_read_here(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"accuracy": {"value": 0.5, "n": 10}, "f1": 0.25}))
    (tmp_path / "empty").mkdir()
    for artifacts in (tmp_path, tmp_path / "empty"):
        assert tree_apart(SPEC, artifacts) == read_tree(artifacts, **FORMAT)
        here: Any = read_results(artifacts, samples=10, **FORMAT)
        assert read_apart(read_results, artifacts, samples=10, **FORMAT) == here


@pytest.mark.parametrize(
    ("function", "argument", "said"),
    [
        (bytearray, 2 << 30, "need more than the 1.0 GiB"),
        (signal.raise_signal, signal.SIGVTALRM, "take more than the 20 s"),
        (signal.raise_signal, signal.SIGKILL, "ended the process that read them"),
        (os._exit, 3, "ended the process that read them"),
        (int, "x", "meet a defect in evaldock"),
    ],
)
def test_what_goes_wrong_there_is_half_a_sentence_here_and_the_next_one_is_read(
    tmp_path: Path, function: Callable[[Any], Any], argument: object, said: str
) -> None:
    with pytest.raises(ReadingFailed, match=said):
        read_apart(function, argument)
    assert tree_apart(SPEC, tmp_path).problem == "There are no results yet."


def test_a_reader_that_died_while_it_waited_is_replaced(tmp_path: Path) -> None:
    pid = read_apart(os.getpid)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert read_apart(os.getpid) != pid
    end_idle()


def test_readers_that_were_prepared_are_the_ones_that_read() -> None:
    end_idle()
    prepare(2)
    prepare(1)
    first, second = (helper._process.pid for helper in apart._idle)
    assert [read_apart(os.getpid) for _ in range(3)] == [second] * 3
    prepare(2)
    assert [helper._process.pid for helper in apart._idle] == [first, second], "both are kept"
    end_idle()


def test_a_reader_is_heard_where_a_thousand_files_are_open() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    end_idle()
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert read_apart(os.getpid) > 0
    finally:
        end_idle()
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_reader_is_kept_however_much_memory_the_asker_has() -> None:
    end_idle()
    ballast = bytearray(400 << 20)
    first = read_apart(os.getpid)
    assert len(ballast) and read_apart(os.getpid) == first
    end_idle()


def test_who_gives_up_does_not_wait(tmp_path: Path) -> None:
    asked = threading.Event()

    def given_up() -> bool:
        asked.set()
        return True

    with pytest.raises(GivenUp):
        read_unless(given_up, time.sleep, 3600)
    assert asked.is_set()


def test_a_million_repeats_of_one_sample_are_read(tmp_path: Path) -> None:
    row = {"doc_id": 1, "filter": "none", "metrics": ["acc"], "acc": 1.0}
    (tmp_path / "samples_t.jsonl").write_text((json.dumps(row) + "\n") * 150_000)
    (tmp_path / "results_1.json").write_text(json.dumps({"results": {"t": {"acc,none": 1.0}}}))
    (node,) = tree_apart(replace(SPEC, result_format="lm-eval"), tmp_path).nodes
    assert [(figure.metric, figure.n) for figure in node.figures] == [("acc", 1)]


@pytest.fixture
def shared(tmp_path: Path) -> Shared:
    run = new_run(tmp_path)
    ledger = Ledger(JournalWriter(run.paths.journal), run.state(), None, print)
    return Shared(run, {}, cast(Executor, Answers()), ledger, {job.id: job for job in run.plan.jobs})


def test_a_kill_and_a_leaving_engine_end_the_reading(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = JobWorker(shared, shared.specs[JOB])
    seen: list[bool] = []

    def reading(given_up: Callable[[], bool], *_: object, **__: object) -> None:
        seen.append(given_up())
        if len(seen) == 1:
            shared.ledger.record(KillRequested(job=JOB, attempt=1, force=False, at=utc_iso()))
        else:
            shared.leaving.set()
        assert given_up()
        raise GivenUp("were not read")

    monkeypatch.setattr(worker_module, "read_unless", reading)
    assert worker._results(None) == NoResult("no_results", "Its results were not read.", None)
    with pytest.raises(Left):
        worker._results(None)
    # What a kill came before is read, for a while: it may have ended well.
    assert seen == [False, False]
