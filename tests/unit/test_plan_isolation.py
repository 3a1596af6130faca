"""What walls containers in, by level, and that the user's own arguments win."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.config.load import load_config
from evaldock.core.config.model import EnvValue
from evaldock.core.plan.docker_args import parse_docker_args
from evaldock.core.plan.isolation import KEPT, NETWORK, NETWORK_INTERNAL, told, walled, walled_env
from evaldock.core.plan.spec import DockerOptions, EnvRef, JobSpec

CONFIG = """
execution: {output_dir: out%s}
target: {api_endpoint: {url: "http://127.0.0.1:1/v1/chat/completions", model_id: m}}
evaluation: {tasks: [{name: ifeval}]}
"""


def given(text: str) -> DockerOptions:
    return parse_docker_args(text).options


def job(options: DockerOptions, level: str = "default") -> JobSpec:
    return JobSpec("i.0", 0, "t", "h", "i", "", "chat", "http://x", "m", ("x",), "t", docker=options, isolation=level)  # type: ignore[arg-type]


def test_the_default_keeps_what_an_install_needs_and_no_way_to_others() -> None:
    options = walled(DockerOptions(), "default")
    assert options.cap_drop == ("ALL",)
    assert options.cap_add == KEPT
    assert not {"NET_RAW", "MKNOD", "NET_ADMIN", "SYS_ADMIN", "SYS_PTRACE"} & set(options.cap_add)
    assert (options.network, options.ulimits) == (NETWORK, ("core=0:0",))
    assert (options.user, options.read_only) == (None, False)


def test_strict_keeps_nothing_and_runs_as_the_invoking_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.setattr(os, "getgid", lambda: 100)
    options = walled(DockerOptions(), "strict")
    assert (options.cap_drop, options.cap_add) == (("ALL",), ())
    assert (options.user, options.read_only, options.tmpfs) == ("1000:100", True, ("/tmp:exec,mode=1777",))
    assert walled_env((), "strict") == (EnvRef("HOME", EnvValue("lit", "/tmp"), secret=False),)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert walled(DockerOptions(), "strict").user == "65534:65534"


def test_off_adds_nothing() -> None:
    options = given("--cap-add NET_RAW --ulimit nofile=5")
    assert walled(options, "off") == options
    assert walled_env((), "off") == ()


def test_internal_has_a_network_of_its_own() -> None:
    assert walled(DockerOptions(), "default", internal=True).network == NETWORK_INTERNAL
    assert walled(DockerOptions(), "off", internal=True).network == NETWORK_INTERNAL
    assert walled(given("--network none"), "strict", internal=True).network == "none"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("--network mine", "network", "mine"),
        ("--user 7", "user", "7"),
        ("--ulimit core=-1", "ulimits", ("core=-1",)),
        ("--tmpfs /tmp:size=1g", "tmpfs", ("/tmp:size=1g",)),
        ("--cap-drop all", "cap_add", ()),
    ],
)
def test_what_the_user_asks_for_wins(text: str, field: str, value: object) -> None:
    assert getattr(walled(given(text), "strict"), field) == value
    assert getattr(walled(given(text), "default"), field) == value


def test_a_capability_that_the_user_drops_is_gone_and_one_that_he_adds_is_there() -> None:
    dropped = walled(given("--cap-drop CAP_CHOWN --cap-add SYS_PTRACE"), "default")
    assert set(dropped.cap_add) == {*KEPT, "SYS_PTRACE"} - {"CHOWN"}
    everything = walled(given("--privileged"), "default")
    assert (everything.cap_drop, everything.cap_add, everything.privileged) == ((), (), True)


@pytest.mark.parametrize("text", ["--privileged", "--cap-add NET_RAW", "--cap-add CAP_NET_ADMIN", "--cap-add all"])
def test_what_could_listen_in_is_not_on_the_network_of_the_others(text: str) -> None:
    assert walled(given(text), "default").network is None


def test_a_dry_run_tells_what_is_walled_in_and_what_was_opened() -> None:
    assert list(told(job(walled(DockerOptions(), "default")))) == [
        "default: capabilities CHOWN DAC_OVERRIDE FOWNER KILL SETGID SETUID; the Internet and evaldock's proxy, "
        "no other container; no core dumps"
    ]
    opened = list(told(job(walled(given("--privileged --device /dev/kvm --pid host"), "default"))))
    assert opened[1] == "opened by execution.extra_docker_args: --privileged --pid host --device /dev/kvm"
    strict = job(walled(DockerOptions(), "strict"), "strict")
    assert "no other container and no other port of this machine;" in next(told(strict))
    assert "port" not in next(told(strict, proxied=False))
    assert list(told(job(DockerOptions(), "off"))) == ["off: Docker's own defaults, and no-new-privileges"]


@pytest.mark.parametrize(
    ("more", "level"), [("", "default"), (", isolation: off", "off"), (", isolation: strict", "strict")]
)
def test_the_level_is_read_also_where_yaml_reads_a_bare_off_as_false(tmp_path: Path, more: str, level: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG % more)
    assert load_config(path=path).execution.isolation == level


def test_limits_of_the_disk_have_defaults_and_null_is_none(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG % "")
    assert (load_config(path=path).execution.resources.log, load_config(path=path).execution.resources.results) == (
        10 << 30,
        100 << 30,
    )
    path.write_text(CONFIG % ", resources: {log: 5m, results: null}")
    assert load_config(path=path).execution.resources.log == 5 << 20
    assert load_config(path=path).execution.resources.results is None
