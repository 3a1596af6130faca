"""Checks that ask a real Docker Engine, down to a real container's way to an endpoint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.config.model import EnvValue
from evaldock.core.engine.docker.survey import Survey
from evaldock.core.plan.spec import DockerOptions, EnvRef, Plan
from evaldock.core.preflight.checks import run_checks
from evaldock.core.preflight.model import Check

from ..model_server import ModelServer
from .conftest import IMAGE, Bench, docker, free_port, wait_for


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as made:
        yield made


def planned(bench: Bench, url: str, *, proxy: bool = True, **job: object) -> Plan:
    """One job against an endpoint."""
    plan = bench.plan({})
    return replace(plan, url=url, proxy=proxy, jobs=tuple(replace(one, url=url, **job) for one in plan.jobs))  # type: ignore[arg-type]


def by_name(plan: Plan | None, env: Mapping[str, str] | None = None) -> dict[str, Check]:
    """All checks of a plan; nothing of them is left behind."""
    checks = run_checks(plan, env or {})
    wait_for(lambda: not docker("ps", "-aq", "--filter", "label=evaldock.check"), "its container to be gone")
    return {check.name: check for check in checks}


def test_without_a_config_it_is_the_machine_that_is_checked() -> None:
    checks = by_name(None)
    assert set(checks) == {"docker", "disk"}
    version = docker("version", "--format", "{{.Server.Version}}")
    assert checks["docker"].text.startswith(f"{version} at ")


def test_everything_of_a_plan_that_would_run(bench: Bench, server: ModelServer) -> None:
    checks = by_name(planned(bench, server.url()))
    assert {name for name, check in checks.items() if check.state == "ok"} >= {
        "results", "docker", "image", "endpoint", "key", "model", "chat", "clock", "reach",
    }  # fmt: skip
    assert not [check for check in checks.values() if check.state == "fail"]
    image = docker("image", "inspect", "-f", "{{.Id}}", "evaldock/contract:local")
    assert image.removeprefix("sha256:")[:12] in checks["image"].text


def test_through_the_proxy_a_container_reaches_what_listens_on_loopback(bench: Bench, server: ModelServer) -> None:
    assert by_name(planned(bench, server.url()))["reach"].state == "ok"
    assert ("/v1/models", None) in server.seen


def test_without_the_proxy_it_does_not_unless_it_shares_the_network(bench: Bench, server: ModelServer) -> None:
    check = by_name(planned(bench, server.url(), proxy=False))["reach"]
    assert (check.state, "host.docker.internal" in check.text) == ("fail", True)
    assert "0.0.0.0" in check.remedy
    shared = planned(bench, server.url(), proxy=False, docker=DockerOptions(network="host"))
    assert by_name(shared)["reach"].state == "ok"


def test_no_network_is_no_way(bench: Bench, server: ModelServer) -> None:
    check = by_name(planned(bench, server.url(), docker=DockerOptions(network="none")))["reach"]
    assert check.state == "fail"


def test_a_dead_endpoint_is_not_blamed_on_the_container(bench: Bench) -> None:
    checks = by_name(planned(bench, f"http://127.0.0.1:{free_port()}/v1/chat/completions"))
    assert (checks["endpoint"].state, checks["reach"].state) == ("fail", "skipped")
    assert "containers reach evaldock's proxy" in checks["reach"].text


def test_the_key_is_not_given_to_the_container_that_tries_the_way(bench: Bench) -> None:
    with ModelServer(key="sk-real-key") as server:
        config: dict[str, object] = {"target": {"api_endpoint": {"api_key_name": "KEY"}}}
        plan = planned(bench, server.url(), run_config=config, env=(EnvRef("KEY", EnvValue("host", "KEY")),))
        checks = by_name(plan, {"KEY": "sk-real-key"})
    assert (checks["key"].state, checks["reach"].state) == ("ok", "ok")


def test_an_image_that_cannot_be_had(bench: Bench, server: ModelServer, tmp_path: Path) -> None:
    absent = f"localhost:{free_port()}/team/nothing:1"
    never = replace(planned(bench, server.url(), image=absent), pull="never")
    checks = by_name(never)
    assert (checks["image"].state, checks["image"].text) == (
        "fail", f"{absent} is not here, and execution.pull is never",
    )  # fmt: skip
    assert checks["reach"].state == "skipped"
    unreachable = by_name(planned(bench, server.url(), image=absent))["image"]
    assert (unreachable.state, "cannot reach the registry" in unreachable.text) == ("fail", True)


def test_an_image_that_can_be_pulled_is_told_with_its_digest(bench: Bench, server: ModelServer, registry: str) -> None:
    image = f"{registry}/team/contract:1"
    docker("tag", "evaldock/contract:local", image)
    docker("push", "-q", image)
    digest = docker("image", "inspect", "-f", "{{index .RepoDigests 0}}", image).rpartition("sha256:")[2]
    docker("rmi", image)
    check = by_name(planned(bench, server.url(), image=image))["image"]
    assert (check.state, check.text) == ("ok", f"{image}, {digest[:12]}, is pulled when the run starts")
    missing = by_name(planned(bench, server.url(), image=f"{registry}/team/nothing:1"))["image"]
    assert (missing.state, "there is no image" in missing.text) == ("fail", True)


def test_a_docker_that_is_away_fails_once_and_the_rest_says_so(
    bench: Bench, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    plan = planned(bench, server.url())
    checks = {check.name: check for check in run_checks(plan, {})}
    assert (checks["docker"].state, "unix:///nowhere.sock" in checks["docker"].text) == ("fail", True)
    assert {checks[name].state for name in ("image", "reach")} == {"skipped"}
    assert checks["endpoint"].state == "ok"
    monkeypatch.delenv("DOCKER_HOST")


def test_a_directory_that_the_daemon_does_not_have_is_told_from_one_that_it_has(tmp_path: Path) -> None:
    survey = Survey()
    assert survey.sees(IMAGE, tmp_path)
    assert not survey.sees(IMAGE, tmp_path / "only-in-my-container")
