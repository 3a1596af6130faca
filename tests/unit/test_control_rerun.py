"""Reruns with overrides: what is planned, what is asked, and what readers make of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from evaldock.core.catalog.load import catalog_dirs, load_catalog
from evaldock.core.config.load import load_config
from evaldock.core.config.model import ConfigError
from evaldock.core.control.ask import ask_planned, ask_rerun
from evaldock.core.control.rerun import plan_reruns
from evaldock.core.plan.codec import PlanDamaged
from evaldock.core.plan.make import make_plan
from evaldock.core.run.access import RequestRefused
from evaldock.core.run.amendment import Amendment
from evaldock.core.run.events import JobChanged, JobState, RerunRequested
from evaldock.core.run.journal import JournalWriter
from evaldock.core.run.layout import archive_attempt, create_run, keep_spec
from evaldock.core.run.requests import RerunRequest, take_requests
from evaldock.core.run.store import Run, RunDamaged

LIMIT = "config.params.limit_samples"
TREE: dict[str, Any] = {
    "execution": {"output_dir": "results", "timeout": "1h"},
    "target": {"api_endpoint": {"model_id": "m", "url": "http://model.invalid/v1/chat/completions"}},
    "evaluation": {
        "tasks": [
            {"name": "ifeval", "overrides": {LIMIT: 5}},
            {"name": "own", "container": "lab/own:1", "dataset_dir": "data", "env_vars": {"HF_TOKEN": "host:MINE"}},
            {"name": "gpqa_diamond"},
        ]
    },
}


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(TREE))
    return tmp_path


def ended_run(work: Path, only: Sequence[str] = ()) -> Run:
    config = load_config(path=work / "c.yaml")
    plan = make_plan(config, load_catalog(), invocation="1a2b3c4d", only=only)
    run = Run.open(create_run(plan, config.tree, now=datetime.now(UTC)).root)
    end(run, *(job.id for job in plan.jobs))
    return run


def end(run: Run, *jobs: str, attempt: int = 1) -> None:
    with JournalWriter(run.paths.journal) as journal:
        for job in jobs:
            journal.append(JobChanged(job, attempt, JobState.FAILED, "2026-11-23T11:00:00.000Z", 1.0))


def carry_out(run: Run) -> None:
    """What an engine does with the open requests, and the end of the new attempts."""
    for request in take_requests(run.paths):
        assert isinstance(request, RerunRequest)
        paths = run.paths.job(run.job(request.job).dir_name)
        archive_attempt(paths, request.attempt - 1)
        amendment = Amendment.from_bytes(request.amendment, run.job(request.job)) if request.amendment else None
        if amendment:
            keep_spec(paths, request.attempt, request.amendment)
        with JournalWriter(run.paths.journal) as journal:
            journal.append(RerunRequested(request.job, request.attempt, "", amendment.shown if amendment else ()))
        end(run, request.job, attempt=request.attempt)
        assert request.path
        request.path.unlink()


def test_only_what_an_override_changes_is_changed(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0]
    planned = plan_reruns(run, [job.id], [f"evaluation.tasks.0.overrides.{LIMIT}=10"]).jobs[0]
    assert (planned.attempt, planned.before) == (2, job)
    assert [(c.path, c.before, c.after) for c in planned.changes] == [(f"run_config.{LIMIT}", 5, 10)]
    assert planned.spec.samples == 10
    assert (planned.spec.id, planned.spec.dir_name, planned.spec.timeout) == (job.id, "ifeval", 3600)


@pytest.mark.parametrize("path", ["limit_samples", "params.limit_samples", LIMIT, f"++{LIMIT}", "+limit_samples"])
def test_a_parameter_may_be_written_short(work: Path, path: str) -> None:
    run = ended_run(work)
    first, _, third = run.plan.jobs
    reruns = plan_reruns(run, [first.id, third.id], [f"{path}=10"])
    assert [item.spec.samples for item in reruns.jobs] == [10, 10]
    assert [item.shown for item in reruns.jobs] == [(f"{path}=10",)] * 2
    assert ask_planned(run, reruns.jobs[1])
    carry_out(run)
    assert [spec.samples for spec in (run.job(first.id), run.job(third.id))] == [5, 10]


def test_what_is_no_parameter_is_not_taken_for_one(work: Path) -> None:
    run = ended_run(work)
    for text, said in (
        ("temprature=0.2", "mean 'temperature'"),
        ("~temperature", "neither"),
        ("temperature", "no '='"),
    ):
        with pytest.raises(ConfigError, match=said):
            plan_reruns(run, [run.plan.jobs[0].id], [text])
    own = plan_reruns(run, [run.plan.jobs[0].id], ["extra.judge.url=http://judge.invalid"]).jobs[0]
    assert own.spec.run_config["config"] == {
        **run.plan.jobs[0].run_config["config"],  # type: ignore[dict-item]
        "params": {"limit_samples": 5, "extra": {"judge": {"url": "http://judge.invalid"}}},
    }


def test_a_rerun_from_elsewhere_keeps_the_paths_of_the_run(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ended_run(work)
    (work / "elsewhere").mkdir()
    monkeypatch.chdir(work / "elsewhere")
    planned = plan_reruns(run, [run.plan.jobs[1].id], ["execution.timeout=2h"]).jobs[0]
    assert [(c.path, c.before, c.after) for c in planned.changes] == [("timeout", 3600.0, 7200.0)]
    assert planned.spec.mounts == run.plan.jobs[1].mounts


def test_a_task_is_found_again_in_a_run_of_some_of_the_tasks(work: Path) -> None:
    run = ended_run(work, only=["gpqa_diamond"])
    job = run.plan.jobs[0].id
    planned = plan_reruns(run, [job], [f"+evaluation.tasks.2.overrides.{LIMIT}=3"]).jobs[0]
    assert (planned.spec.task, planned.spec.samples) == ("gpqa_diamond", 3)
    assert not plan_reruns(run, [job], [f"evaluation.tasks.0.overrides.{LIMIT}=3"]).jobs[0].changes


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("execution.max_parallel=2", "execution.max_parallel: belongs to the whole run"),
        ("execution.output_dir=/elsewhere", "execution.output_dir: belongs to the whole run"),
        ("execution.mode=sequential", "execution.mode: belongs to the whole run"),
        ("execution.proxy=false", "execution.proxy: belongs to the whole run"),
        ("evaluation.tasks.0.name=gsm8k", "evaluation.tasks: a rerun keeps the tasks of its run"),
        ("~evaluation.tasks.0", "evaluation.tasks: a rerun keeps the tasks of its run"),
        ("execution.timeuot=2h", "did you mean"),
        ("execution.timeout", "has no '='"),
    ],
)
def test_what_a_rerun_cannot_change_is_refused_in_a_sentence(work: Path, override: str, message: str) -> None:
    run = ended_run(work)
    with pytest.raises(ConfigError, match=message):
        ask_rerun(run, run.plan.jobs[1].id, [override])
    assert list(run.paths.requests.iterdir()) == []


def test_overrides_add_up_and_every_attempt_keeps_its_spec(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0].id
    assert ask_rerun(run, job, ["execution.timeout=2h"])
    carry_out(run)
    assert ask_rerun(run, job)
    carry_out(run)
    assert ask_rerun(run, job, [f"evaluation.tasks.0.overrides.{LIMIT}=7"])
    carry_out(run)
    fresh = Run.open(run.paths.root)
    for reader in (run, fresh):
        specs = [reader.job(job, attempt) for attempt in (1, 2, 3, 4)]
        assert [(spec.timeout, spec.samples) for spec in specs] == [(3600, 5), (7200, 5), (7200, 5), (7200, 7)]
        assert reader.job(job) == specs[-1]
        assert reader.current_plan().jobs[0] == specs[-1]
        view = reader.state().jobs[job]
        assert view.amended == (2, 4)
        assert view.overrides == ("execution.timeout=2h", f"evaluation.tasks.0.overrides.{LIMIT}=7")
        assert reader.views()[0]["overrides"] == list(view.overrides)
    assert fresh.job(run.plan.jobs[1].id) == run.plan.jobs[1]


def test_an_earlier_attempt_keeps_its_files(work: Path) -> None:
    run = ended_run(work)
    paths = run.paths.job("ifeval")
    before = paths.run_config.read_bytes()
    (paths.root / "requests.json").write_text("{}")
    ask_rerun(run, run.plan.jobs[0].id, ["execution.timeout=2h"])
    carry_out(run)
    kept = paths.attempt(1)
    assert sorted(path.name for path in kept.iterdir()) == ["artifacts", "logs", "requests.json", "run_config.yaml"]
    assert (kept / "run_config.yaml").read_bytes() == before
    archive_attempt(paths, 1)
    assert sorted(path.name for path in paths.root.iterdir()) == ["artifacts", "attempts", "logs", "specs"]


def test_the_same_rerun_is_one_request_and_another_is_refused(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0].id
    assert ask_rerun(run, job, ["execution.timeout=2h"])
    assert not ask_rerun(run, job, ["execution.timeout=2h"])
    with pytest.raises(RequestRefused, match="other overrides"):
        ask_rerun(run, job, ["execution.timeout=3h"])
    with pytest.raises(RequestRefused, match="other overrides"):
        ask_rerun(run, job)
    assert len(list(run.paths.requests.iterdir())) == 1


def test_a_plan_that_was_overtaken_is_refused(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0].id
    planned = plan_reruns(run, [job], ["execution.timeout=2h"]).jobs[0]
    ask_rerun(run, job)
    carry_out(run)
    with pytest.raises(RequestRefused, match="rerun in the meantime"):
        ask_planned(run, planned)


def test_a_job_that_has_not_ended_cannot_be_planned(work: Path) -> None:
    run = ended_run(work)
    with JournalWriter(run.paths.journal) as journal:
        journal.append(RerunRequested(run.plan.jobs[0].id, 2, ""))
    with pytest.raises(RequestRefused, match="is queued"):
        plan_reruns(run, [run.plan.jobs[0].id])
    with pytest.raises(RequestRefused, match="There is no job"):
        plan_reruns(run, ["1a2b3c4d.9"])


def test_jobs_with_different_pasts_are_planned_together(work: Path) -> None:
    run = ended_run(work)
    first, second, third = (job.id for job in run.plan.jobs)
    ask_rerun(run, second, ["execution.kill_grace=3"])
    carry_out(run)
    reruns = plan_reruns(run, [third, second, first], ["execution.timeout=2h"])
    assert [item.job for item in reruns.jobs] == [third, second, first]
    assert [item.spec.kill_grace for item in reruns.jobs] == [10, 3, 10]
    assert {item.spec.timeout for item in reruns.jobs} == {7200}
    assert [job.id for job in reruns.plan.jobs] == [third, second, first]


def test_secrets_are_masked_where_people_read(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[1].id
    ask_rerun(run, job, ["+evaluation.tasks.1.env_vars.WORD=lit:verysecretword"])
    planned = plan_reruns(run, [job], ["+evaluation.tasks.1.env_vars.WORD=lit:verysecretword"])
    carry_out(run)
    assert "verysecretword" not in run.paths.journal.read_text()
    assert "verysecretword" not in planned.render("/run", {})
    assert "verysecretword" not in repr(planned.jobs[0].changes)
    assert {ref.name: ref.value.source for ref in run.job(job).env}["WORD"] == "verysecretword"


def test_the_dry_run_shows_the_new_attempt(work: Path) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0].id
    text = plan_reruns(run, [job], [f"evaluation.tasks.0.overrides.{LIMIT}=10"]).render("/run", {})
    for shown in ("try    2", f"change run_config.{LIMIT}", "    - 5", "    + 10", "evaldock-1a2b3c4d-0-a2"):
        assert shown in text, text
    assert "gpqa_diamond (" not in text
    assert "try    2" in plan_reruns(run, [job]).render("/run", {})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"overrides": ["a"], "shown": ["a"], "spec": {}}'])
def test_a_damaged_spec_is_told_and_never_replaced_by_another(work: Path, content: bytes) -> None:
    run = ended_run(work)
    job = run.plan.jobs[0]
    ask_rerun(run, job.id, ["execution.timeout=2h"])
    carry_out(run)
    run.paths.job(job.dir_name).spec(2).write_bytes(content)
    damaged = Run.open(run.paths.root)
    with pytest.raises(RunDamaged, match=r"specs/2\.json is damaged"):
        damaged.job(job.id)
    assert damaged.job(job.id, 1) == job
    assert damaged.views()[0]["attempt"] == 2
    with pytest.raises(PlanDamaged):
        Amendment.from_bytes(content, job)


def test_a_task_of_a_catalog_beside_the_config_can_run_again_when_that_is_gone(work: Path) -> None:
    own = {"name": "mine", "harness": "lab", "image": "lab/mine:1", "command": ["run", "{params.limit_samples}"]}
    beside = work / "catalog" / "lab.yaml"
    beside.parent.mkdir()
    beside.write_text(yaml.safe_dump({"tasks": [own | {"params": {"limit_samples": 5}}]}))
    (work / "c.yaml").write_text(yaml.safe_dump(TREE | {"evaluation": {"tasks": [{"name": "mine"}]}}))
    config = load_config(path=work / "c.yaml")
    plan = make_plan(config, load_catalog(catalog_dirs(config.sources)), invocation="1a2b3c4d")
    run = Run.open(create_run(plan, config.tree, now=datetime.now(UTC), sources=config.sources).root)
    end(run, "1a2b3c4d.0")
    beside.unlink()
    again = plan_reruns(run, ["1a2b3c4d.0"], [f"evaluation.tasks.0.overrides={{{LIMIT}: 7}}"])
    assert (plan.jobs[0].command[-1], again.jobs[0].spec.command[-1]) == ("5", "7")


def test_a_repeat_runs_again_as_that_repeat(work: Path) -> None:
    tree = {**TREE, "evaluation": {"repeats": 3, "tasks": [{"name": "ifeval"}, {"name": "garak.garak"}]}}
    (work / "c.yaml").write_text(yaml.safe_dump(tree))
    run = ended_run(work)
    jobs = [run.plan.jobs[1].id, run.plan.jobs[5].id]
    first, second = plan_reruns(run, jobs, [f"evaluation.overrides.{LIMIT}=7"]).jobs
    assert [(one.spec.id, one.spec.repeat, one.spec.samples) for one in (first, second)] == [
        (jobs[0], 2, 7),
        (jobs[1], 3, 7),
    ]
    assert second.spec.run_config["config"]["params"]["extra"] == {"seed": 3}  # type: ignore[index]
    with pytest.raises(ConfigError, match="another number is a new run"):
        plan_reruns(run, jobs, ["evaluation.repeats=2"])
