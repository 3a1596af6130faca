"""Running checks together, and those that need neither Docker nor an endpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.config.model import EnvValue, MountSpec, Resources
from evaldock.core.engine.docker.survey import EngineFacts, LocalImage
from evaldock.core.plan.spec import EnvRef, JobSpec, Plan
from evaldock.core.preflight import local, machine
from evaldock.core.preflight.model import Check, Probe, Subject
from evaldock.core.preflight.run import run_probes
from evaldock.core.preflight.targets import targets_of

FACTS = EngineFacts("27.3.1", "unix:///var/run/docker.sock", "amd64", "/", True, "", ("runc",))
URL = "http://127.0.0.1:8000/v1/chat/completions"


def job(index: int = 0, **more: Any) -> JobSpec:
    """A job of the NeMo contract."""
    values: dict[str, Any] = {
        "id": f"0a1b2c3d.{index}", "index": index, "task": f"t{index}", "harness": "h", "image": "lab/eval:1",
        "digest": "", "endpoint_type": "chat", "url": URL, "model_id": "m", "dir_name": f"t{index}",
        "command": ("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml"),
    }  # fmt: skip
    return JobSpec(**(values | more))


def plan(*jobs: JobSpec, output: Path | str = "/tmp") -> Plan:
    return Plan("0a1b2c3d", str(output), "parallel", 4, "missing", "m", URL, jobs)


def found(look: Any, made: Plan, **env: str) -> list[tuple[str, str]]:
    """State and text of what one function of the local checks finds."""
    return [(check.state, check.text) for check in look(Subject(made, env))]


def test_checks_come_as_they_are_known_and_are_returned_in_order() -> None:
    gate = threading.Event()

    def slow(_: Subject) -> Iterator[Check]:
        gate.wait(30)
        yield Check("slow", "ok", "at last")

    def fast(_: Subject) -> Iterator[Check]:
        yield Check("fast", "ok", "at once")

    heard: list[str] = []

    def hear(check: Check) -> None:
        heard.append(check.name)
        gate.set()

    checks = run_probes(Subject(None, {}), [Probe("slow", slow), Probe("fast", fast)], on_check=hear)
    assert heard == ["fast", "slow"]
    assert [check.name for check in checks] == ["slow", "fast"]


def test_in_order_nothing_is_told_before_what_stands_above_it() -> None:
    gate = threading.Event()

    def slow(_: Subject) -> Iterator[Check]:
        gate.wait(30)
        yield Check("slow", "ok", "at last")

    def fast(_: Subject) -> Iterator[Check]:
        yield Check("fast", "ok", "at once")
        gate.set()

    heard: list[str] = []
    probes = [Probe("slow", slow), Probe("fast", fast)]
    run_probes(Subject(None, {}), probes, on_check=lambda check: heard.append(check.name), in_order=True)
    assert heard == ["slow", "fast"]


def test_a_check_that_hangs_or_breaks_is_a_failed_check_and_hurts_no_other() -> None:
    over = threading.Event()

    def hangs(_: Subject) -> Iterator[Check]:
        yield Check("first", "ok", "known")
        over.wait(30)

    def breaks(_: Subject) -> Iterator[Check]:
        raise KeyError("bug")
        yield

    probes = [Probe("hangs", hangs), Probe("breaks", breaks)]
    checks = run_probes(Subject(None, {}), probes, deadline=0.2)
    over.set()
    assert [(check.name, check.state) for check in checks] == [("first", "ok"), ("hangs", "fail"), ("breaks", "fail")]
    assert "no answer within 0.2 s" in checks[1].text
    assert "KeyError" in checks[2].text


def test_variables_that_are_missing_empty_or_only_wanted_are_told_apart() -> None:
    refs = [("HF_TOKEN", "host"), ("JUDGE", "host"), ("MAYBE", "runtime"), ("FIXED", "lit"), ("GOOD", "host")]
    made = plan(job(env=tuple(EnvRef(name, EnvValue(kind, name)) for name, kind in refs)))  # type: ignore[arg-type]
    assert found(local.variables, made, JUDGE="", GOOD="1") == [
        ("fail", "HF_TOKEN is not set; needed by t0"),
        ("fail", "JUDGE is empty; needed by t0"),
        ("warn", "MAYBE is not set; wanted by t0"),
    ]
    assert found(local.variables, made, JUDGE="1", GOOD="1", HF_TOKEN="1", MAYBE="1") == [
        ("ok", "HF_TOKEN, JUDGE, MAYBE and 1 more are set")
    ]


def test_the_key_of_the_endpoint_is_left_to_the_check_of_the_endpoint() -> None:
    config: dict[str, object] = {"target": {"api_endpoint": {"api_key_name": "API_KEY"}}}
    made = plan(job(run_config=config, env=(EnvRef("API_KEY", EnvValue("host", "MY_KEY")),)))
    assert found(local.variables, made) == []
    (target,) = targets_of(made, {"MY_KEY": "k"})
    assert (target.key_name, target.key) == ("MY_KEY", "k")
    assert targets_of(made, {})[0].key is None


def test_each_endpoint_is_one_target_and_a_job_without_one_is_none() -> None:
    alone = job(2, command=("python3", "/own.py"))
    made = plan(job(0), job(1), alone, job(3, model_id="other"))
    assert [target.tasks for target in targets_of(made, {})] == [("t0", "t1"), ("t3",)]


def test_the_shortest_timeout_of_the_tasks_counts() -> None:
    configs: list[dict[str, object]] = [{"config": {"params": {"request_timeout": wait}}} for wait in (60, 30)]
    (target,) = targets_of(plan(job(0, run_config=configs[0]), job(1, run_config=configs[1])), {})
    assert target.patience == 30


def test_directories_to_mount_must_be_there(tmp_path: Path) -> None:
    made = plan(job(mounts=(MountSpec(str(tmp_path), "/data"), MountSpec(str(tmp_path / "no"), "/no"))))
    assert found(local.mounts, made) == [("fail", f"{tmp_path}/no does not exist; mounted by t0")]
    assert found(local.mounts, plan(job(mounts=(MountSpec(str(tmp_path), "/data"),)))) == [
        ("ok", f"{tmp_path} is there")
    ]


def test_results_need_a_place(tmp_path: Path) -> None:
    assert local.room_for_results(plan(output=tmp_path / "a" / "b")).state in ("ok", "warn")
    (tmp_path / "file").touch()
    blocked = local.room_for_results(plan(output=tmp_path / "file" / "results"))
    assert (blocked.state, "is a file" in blocked.text) == ("fail", True)


def test_an_image_for_another_machine_is_a_warning_with_its_digest_shown() -> None:
    image = LocalImage("sha256:" + "ab" * 32, "arm64", 2_100_000_000, "")
    check = machine.image_here(image, "lab/eval:1@sha256:" + "cd" * 32, FACTS)
    assert (check.state, check.text) == ("warn", "lab/eval:1, 2.0 GiB, abababababab, present, but for arm64")
    assert "emulation" in check.remedy
    assert machine.image_here(replace(image, arch="amd64"), "lab/eval:1", FACTS).state == "ok"


def test_a_gpu_that_docker_does_not_know_of_is_told() -> None:
    wanting = plan(job(resources=Resources(gpus="all")))
    assert [check.state for check in machine.gpus(wanting, FACTS)] == ["warn"]
    assert [check.state for check in machine.gpus(wanting, replace(FACTS, runtimes=("nvidia",)))] == ["ok"]
    assert list(machine.gpus(plan(job()), FACTS)) == []


@pytest.mark.parametrize(("absent", "state"), [(0, "ok"), (10**9, "warn")])
def test_the_disk_is_held_against_the_images_to_pull(absent: int, state: str) -> None:
    (check,) = machine.disk(FACTS, absent)
    assert check.state == state


def test_a_disk_that_cannot_be_seen_is_skipped() -> None:
    assert [check.state for check in machine.disk(replace(FACTS, root="/nowhere/docker"), 1)] == ["skipped"]
    assert [check.state for check in machine.disk(replace(FACTS, local=False), 1)] == ["skipped"]
