"""`evaldock check` and the look at the endpoint that a run begins with, as a user meets them."""

from __future__ import annotations

import json
import socket

import pytest

from .conftest import Desk


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_check_says_line_by_line_that_all_is_well(desk: Desk) -> None:
    screen = desk.screen("check", desk.config({}))
    screen.sees("results", "docker", "image", "disk", "endpoint", "key", "model", "chat", "clock", "reach")
    rest = screen.ends(0).decode()
    assert "ready to run" in rest
    assert not desk.results.exists()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("target.api_endpoint.model_id=mm", "the endpoint does not serve 'mm', but m"),
        ("target.api_endpoint.url={}/v2/chat/completions", "is not there: the path is wrong (404)"),
        ("target.api_endpoint.url=http://127.0.0.1:{closed}/v1/chat/completions", "refuses connections"),
        ("+target.api_endpoint.api_key_name=MY_KEY", "MY_KEY is rejected (401)"),
    ],
)
def test_what_is_certain_to_fail_is_exit_1_in_the_check_and_refuses_the_run(
    desk: Desk, override: str, said: str
) -> None:
    if "api_key_name" in override:
        desk.model.key = "another"
    change = ("-o", override.replace("{closed}", str(closed_port())).format(desk.model.url("")))
    env = {"MY_KEY": "wrong"}
    checked = desk.call("check", desk.config({}), *change, env=env)
    assert (checked.returncode, said in checked.stdout) == (1, True), checked.stdout + checked.stderr
    refused = desk.call("run", desk.config({}), *change, env=env)
    assert (refused.returncode, said in refused.stderr, "--no-check" in refused.stderr) == (1, True, True)
    assert not desk.results.exists()
    started = desk.call("run", desk.config({}), *change, "--no-check", env=env)
    assert started.returncode == 0, started.stderr


def test_check_as_json(desk: Desk) -> None:
    done = desk.call("check", desk.config({}), "--json", "-o", "+target.api_endpoint.api_key_name=NOT_SET")
    checks = json.loads(done.stdout)
    assert done.returncode == 1
    assert {"name", "state", "text", "remedy", "seconds", "tasks"} == set(checks[0])
    (failed,) = [check for check in checks if check["state"] == "fail"]
    assert (failed["name"], failed["text"]) == ("key", "NOT_SET is not set")


def test_without_docker_the_exit_code_is_3_and_the_rest_is_checked_all_the_same(desk: Desk) -> None:
    done = desk.call("check", desk.config({}), env={"DOCKER_HOST": "unix:///nonexistent"})
    assert (done.returncode, "unix:///nonexistent" in done.stdout) == (3, True)
    assert "endpoint" in done.stdout


def test_a_wrong_config_is_exit_2(desk: Desk) -> None:
    done = desk.call("check", desk.config({}), "-o", "execution.mode=sideways")
    assert (done.returncode, done.stdout, "sideways" in done.stderr) == (2, "", True)


def test_a_task_that_uses_no_endpoint_runs_without_one(desk: Desk) -> None:
    catalog = desk.root / "home" / "evaldock" / "catalog"
    catalog.mkdir(parents=True)
    (catalog / "own.yaml").write_text(
        "tasks: [{name: alone, image: 'evaldock/contract:local', command: [sh, -c, "
        "'echo {{\\\"accuracy\\\": 1}} >/results/s.json'], result: {format: json, file: s.json}}]\n"
    )
    config = desk.config({})
    text = (desk.root / "config.yaml").read_text()
    (desk.root / "config.yaml").write_text(text.replace("name: t0", "name: alone").replace("container", "# container"))
    change = ("-o", f"target.api_endpoint.url=http://127.0.0.1:{closed_port()}/v1/chat/completions")
    env = {"XDG_CONFIG_HOME": str(desk.root / "home")}
    done = desk.call("run", config, "--no-tui", *change, env=env)
    assert "refuses connections" not in done.stderr
    assert "alone" in done.stdout


def test_a_rerun_looks_at_its_endpoint_as_well(desk: Desk) -> None:
    done = desk.call("run", desk.config({"exit": 3}), "--no-tui")
    assert done.returncode == 1
    desk.model.models = ("another",)
    words = ("rerun", "--failed", desk.run().invocation)
    refused = desk.call(*words)
    assert (refused.returncode, "does not serve 'm', but another" in refused.stderr) == (1, True)
    assert desk.status(desk.run())[0]["attempt"] == 1
    assert desk.call(*words, "--no-check").returncode == 1
    assert desk.status(desk.run())[0]["attempt"] == 2
