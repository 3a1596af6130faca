"""What a container can do and reach under each level of isolation, on a real Engine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.config.model import Isolation, MountSpec, Resources
from evaldock.core.engine.docker.client import Clients
from evaldock.core.engine.docker.executor import DockerExecutor
from evaldock.core.engine.docker.network import ensure_network
from evaldock.core.engine.executor import Attempt, JobProblem
from evaldock.core.engine.quota import Quotas, Watched
from evaldock.core.plan.isolation import NETWORK, NETWORK_INTERNAL, walled, walled_env
from evaldock.core.plan.spec import DockerOptions, Plan
from evaldock.core.run.events import JobState, Reason

from .conftest import IMAGE, Bench, docker, wait_for

# Each line of the log is NAME=VALUE.
LOOK = """
echo uid=$(id -u)
echo capabilities=$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)
echo escalation=$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' /proc/self/status)
echo core=$(ulimit -c)
mknod /results/device b 8 0 2>/dev/null && echo device=made || echo device=refused
arping -c 1 -w 1 -I eth0 127.0.0.2 >/dev/null 2>/tmp/said
grep -q permitted /tmp/said && echo raw=refused || echo raw=sent
echo changed 2>/dev/null >/datasets/answers && echo dataset=changed || echo dataset=refused
echo x >/root/x 2>/dev/null && echo root=writable || echo root=closed
mkdir -p /results/a && echo left >/results/a/file && echo results=written
echo x >/results/results.yml
"""


def walled_plan(bench: Bench, level: Isolation, script: str, **job: Any) -> Plan:
    plan = bench.plan({}, **job)
    spec = plan.jobs[0]
    spec = replace(
        spec, command=("sh", "-c", script), docker=walled(spec.docker, level), env=walled_env(spec.env, level),
        isolation=level,
    )  # fmt: skip
    return replace(plan, jobs=(spec,))


def seen(bench: Bench, level: Isolation) -> dict[str, str]:
    """What the container saw, and what of it is left on the host."""
    dataset = bench.root / "dataset"
    dataset.mkdir(exist_ok=True)
    (dataset / "answers").write_text("42")
    mounts = (MountSpec(str(dataset), "/datasets", level != "off"),)
    run, state = bench.finish(walled_plan(bench, level, LOOK, mounts=mounts))
    log = run.paths.job("t0").stdout.read_text()
    assert next(iter(state.jobs.values())).exit_code == 0, log
    left = run.paths.job("t0").artifacts
    assert all(path.lstat().st_uid == os.getuid() for path in left.rglob("*"))
    assert not os.path.lexists(left / "device")
    return dict(line.split("=", 1) for line in log.splitlines() if "=" in line)


def test_by_default_a_task_is_root_of_its_own_files_and_nothing_else(bench: Bench) -> None:
    found = seen(bench, "default")
    assert found["uid"] == "0"
    assert int(found["capabilities"], 16) == sum(1 << bit for bit in (0, 1, 3, 5, 6, 7))  # linux/capability.h
    assert (found["escalation"], found["core"]) == ("1", "0")
    assert (found["device"], found["raw"], found["dataset"]) == ("refused", "refused", "refused")
    assert (found["results"], found["root"]) == ("written", "writable")


def test_strictly_it_is_a_user_without_any_capability(bench: Bench) -> None:
    found = seen(bench, "strict")
    assert found["uid"] == str(os.getuid() or 65534)
    assert int(found["capabilities"], 16) == 0
    assert (found["device"], found["raw"], found["dataset"]) == ("refused", "refused", "refused")
    assert (found["results"], found["root"]) == ("written", "closed")


def test_off_is_as_docker_has_it(bench: Bench) -> None:
    found = seen(bench, "off")
    assert int(found["capabilities"], 16) == 0xA80425FB
    assert (found["device"], found["dataset"], found["escalation"]) == ("made", "changed", "1")


def test_no_container_takes_the_whole_memory_of_the_machine(bench: Bench) -> None:
    run = bench.run(walled_plan(bench, "default", "sleep 600"))
    going = bench.start(run)
    going.until(0, "running")
    try:
        host = json.loads(docker("inspect", f"evaldock-{run.invocation}-0-a1"))[0]["HostConfig"]
    finally:
        going.engine.interrupt()
        going.engine.interrupt()
        going.end()
    total = int(docker("info", "--format", "{{.MemTotal}}"))
    assert 0.5 * total < host["Memory"] == host["MemorySwap"] < 0.9 * total
    assert (host["PidsLimit"], host["NetworkMode"]) == (16384, NETWORK)


ASK = "printf 'GET /x HTTP/1.0\\r\\n\\r\\n' | timeout 4 nc -w 4 {} 8000 | tail -n 1"


@pytest.fixture
def neighbour() -> Iterator[str]:
    """The name of a container on evaldock's network that serves /x, which says `secret`, on port 8000."""
    ensure_network(Clients().get(), NETWORK)
    name = f"evaldock-test-neighbour-{os.getpid()}"
    serve = "mkdir /w; echo secret >/w/x; httpd -f -p 8000 -h /w"
    docker("run", "-d", "--name", name, "--network", NETWORK, IMAGE, "sh", "-c", serve)
    yield name
    docker("rm", "-f", name)


def test_a_neighbour_is_out_of_reach(neighbour: str) -> None:
    wait_for(lambda: docker("exec", neighbour, "sh", "-c", ASK.format("127.0.0.1")) == "secret", "the neighbour")
    address = docker("inspect", neighbour, "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}")
    for network in (NETWORK, "bridge"):
        assert docker("run", "--rm", "--network", network, IMAGE, "sh", "-c", ASK.format(address)) == ""


def test_networks_are_made_once_and_found_again(bench: Bench) -> None:
    executor = DockerExecutor()
    first = executor.host_addresses([NETWORK, NETWORK_INTERNAL, ""])
    assert set(first) == {NETWORK, NETWORK_INTERNAL, ""} and len(set(first.values())) == 3
    assert DockerExecutor().host_addresses([NETWORK, NETWORK_INTERNAL, ""]) == first
    for name, internal in ((NETWORK, "false"), (NETWORK_INTERNAL, "true")):
        assert docker("network", "inspect", name, "--format", "{{.Internal}}") == internal


def test_the_address_of_a_running_task_is_known(bench: Bench) -> None:
    plan = walled_plan(bench, "default", "sleep 600")
    going = bench.start(bench.run(plan))
    going.until(0, "running")
    try:
        attempt = Attempt(plan.jobs[0], 1, going.run.paths.job("t0"))
        found = DockerExecutor().client_addresses(attempt)
        where = '{{(index .NetworkSettings.Networks "evaldock").IPAddress}}'
        assert found == [docker("inspect", f"evaldock-{plan.invocation}-0-a1", "--format", where)]
    finally:
        going.engine.interrupt()
        going.engine.interrupt()
        going.end()


@pytest.mark.parametrize(
    ("script", "limits", "word"),
    [
        ("while true; do head -c 1000000 /dev/zero; sleep 0.1; done", Resources(log=4 << 20), "resources.log allows"),
        ("i=0; while true; do i=$((i + 1)); head -c 1000000 /dev/zero >/results/$i; sleep 0.1; done",
         Resources(results=4 << 20), "resources.results allows"),
    ],
)  # fmt: skip
def test_a_task_that_fills_the_disk_is_stopped_and_says_why(
    bench: Bench, script: str, limits: Resources, word: str
) -> None:
    told: list[str] = []
    plan = walled_plan(bench, "default", script, resources=limits, kill_grace=1.0)
    state = bench.start(bench.run(plan), on_notice=told.append).end()
    job = state.jobs[plan.jobs[0].id]
    assert (job.state, job.reason) == (JobState.FAILED, Reason.QUOTA)
    assert word in job.detail
    assert any("is stopped" in text for text in told)


def test_one_that_comes_near_its_quota_is_told_of_once(tmp_path: Path, bench: Bench) -> None:
    plan = bench.plan({}, resources=Resources(results=100_000))
    run = bench.run(plan)
    paths = run.paths.job("t0")
    (paths.artifacts / "file").write_bytes(b"x" * 86_000)
    told: list[str] = []
    quotas = Quotas(told.append)
    task = Watched(plan.jobs[0], 1, paths)
    for _ in range(2):
        quotas._measure((task,))
    assert len(told) == 1 and "execution.resources.results" in told[0]
    assert quotas.exceeded(task.job.id, 1) is None
    (paths.artifacts / "more").write_bytes(b"x" * 86_000)
    quotas._measure((task,))
    assert quotas.exceeded(task.job.id, 1) is not None
    assert quotas.exceeded(task.job.id, 2) is None


def test_a_foreign_network_of_the_same_name_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Clients().get()
    monkeypatch.setattr(client, "inspect_network", lambda _name: {"Options": {}, "Internal": False})
    with pytest.raises(JobProblem, match="docker network rm evaldock"):
        ensure_network(client, NETWORK)


def test_a_daemon_without_addresses_left_gets_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import docker.errors as errors

    client = Clients().get()
    asked: list[Any] = []

    def missing(_name: str) -> Any:
        raise errors.NotFound("no such network")

    def create(_name: str, **options: Any) -> None:
        asked.append(options["ipam"])
        if len(asked) < 3:
            said = "could not find an available, non-overlapping IPv4 address pool among the defaults"
            raise errors.APIError("500", explanation=said)

    monkeypatch.setattr(client, "inspect_network", missing)
    monkeypatch.setattr(client, "create_network", create)
    ensure_network(client, NETWORK)
    assert asked[0] is None and len({str(pool) for pool in asked}) == 3
    assert walled(DockerOptions(), "default").network == NETWORK
