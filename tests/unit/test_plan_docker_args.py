from __future__ import annotations

import inspect
import os
from dataclasses import replace

import pytest
from docker.types import HostConfig
from evaldock.core.config.model import ConfigError, EnvValue, MountSpec, Resources
from evaldock.core.plan.docker_args import NOT_GIVEN, DockerArgs, parse_docker_args, supported_flags, with_args
from evaldock.core.plan.docker_flags import PASSED, host_settings
from evaldock.core.plan.spec import DockerOptions, EnvRef
from hypothesis import given
from hypothesis import strategies as st


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_docker_args(text)
    assert all(p.path == "execution.extra_docker_args" for p in caught.value.problems)
    return [p.message for p in caught.value.problems]


def test_nothing_is_nothing() -> None:
    assert parse_docker_args("") == parse_docker_args("  \n") == DockerArgs()
    assert parse_docker_args("").resources == NOT_GIVEN


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("--network=host", DockerOptions(network="host")),
        ("--network host", DockerOptions(network="host")),
        ("--net=a --net b", DockerOptions(network="b")),
        ("--ipc=host --pid host", DockerOptions(ipc="host", pid="host")),
        ("-u 1:1", DockerOptions(user="1:1")),
        ("-u1:1", DockerOptions(user="1:1")),
        ("-u=1:1", DockerOptions(user="1:1")),
        ("-w /x -h box", DockerOptions(workdir="/x", hostname="box")),
        ("--runtime nvidia --platform linux/amd64", DockerOptions(runtime="nvidia", platform="linux/amd64")),
        ("--entrypoint /run.sh", DockerOptions(entrypoint="/run.sh")),
        ("--entrypoint ''", DockerOptions()),
        ("--privileged --read-only", DockerOptions(privileged=True, read_only=True)),
        ("--privileged=false --read-only=true", DockerOptions(read_only=True)),
        ("--add-host a:1 --add-host=b:2", DockerOptions(extra_hosts=("a:1", "b:2"))),
        ("--cap-add SYS_PTRACE --cap-drop=ALL", DockerOptions(cap_add=("SYS_PTRACE",), cap_drop=("ALL",))),
        ("--security-opt seccomp=unconfined", DockerOptions(security_opt=("seccomp=unconfined",))),
        ("--device /dev/fuse --dns 1.1.1.1", DockerOptions(devices=("/dev/fuse",), dns=("1.1.1.1",))),
        ("--ulimit nofile=1:2 --tmpfs /tmp:size=1g", DockerOptions(ulimits=("nofile=1:2",), tmpfs=("/tmp:size=1g",))),
        ("-l a=b --label 'c=d e'", DockerOptions(labels=("a=b", "c=d e"))),
        ("--init", DockerOptions()),
    ],
)
def test_options(text: str, options: DockerOptions) -> None:
    assert parse_docker_args(text) == DockerArgs(options=options)


@pytest.mark.parametrize(
    ("text", "resources"),
    [
        ("--gpus all", replace(NOT_GIVEN, gpus="all")),
        ("""--gpus '"device=0,1"'""", replace(NOT_GIVEN, gpus="device=0,1")),
        ("--shm-size=16g", replace(NOT_GIVEN, shm_size=16 << 30)),
        ("-m 512m", replace(NOT_GIVEN, memory=512 << 20)),
        ("-m1.5g", replace(NOT_GIVEN, memory=1610612736)),
        ("--cpus=1.5", replace(NOT_GIVEN, cpus=1.5)),
        ("--pids-limit -1", replace(NOT_GIVEN, pids=-1)),
    ],
)
def test_resources(text: str, resources: Resources) -> None:
    assert parse_docker_args(text) == DockerArgs(resources=resources)


def test_flags_lie_over_the_resources_of_the_config() -> None:
    base = Resources(cpus=1, gpus="0", log=1, results=None)
    assert with_args(base, parse_docker_args("--cpus 2").resources) == replace(base, cpus=2)
    assert with_args(base, parse_docker_args("--pids-limit 5").resources).pids == 5
    assert with_args(base, parse_docker_args("").resources) == base


def test_mounts(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    text = (
        "-v /a:/b -v /c:/d:ro --volume=./rel:/r:rw -v ~/x:/y "
        "--mount type=bind,source=/s,target=/t,readonly --mount type=bind,src=/s,dst=/u,ro=false"
    )
    assert parse_docker_args(text).mounts == (
        MountSpec("/a", "/b"),
        MountSpec("/c", "/d", True),
        MountSpec(f"{tmp_path}/rel", "/r"),
        MountSpec("/home/me/x", "/y"),
        MountSpec("/s", "/t", True),
        MountSpec("/s", "/u"),
    )


def test_volumes_and_the_shells_spellings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    text = (
        "-v hf-cache:/h -v $HOME/.cache:/c:z -v ${HOME}:/all:ro,Z --mount type=volume,source=data,target=/d,readonly "
        "--user $(id -u):$(id -g)"
    )
    found = parse_docker_args(text)
    assert found.mounts == (
        MountSpec("hf-cache", "/h"),
        MountSpec("/home/me/.cache", "/c", options=("z",)),
        MountSpec("/home/me", "/all", read_only=True, options=("Z",)),
        MountSpec("data", "/d", read_only=True),
    )
    assert [mount.is_volume for mount in found.mounts] == [True, False, False, True]
    assert found.options.user == f"{os.getuid()}:{os.getgid()}"
    assert parse_docker_args("--mount type=tmpfs,dst=/t,tmpfs-size=64m").options.tmpfs == ("/t:size=64m",)


PASSED_ON: list[tuple[str, dict[str, object]]] = [
    ("--group-add 5 --group-add=video", {"group_add": ["5", "video"]}),
    ("--cpuset-cpus 0-1 --cpuset-mems=0", {"cpuset_cpus": "0-1", "cpuset_mems": "0"}),
    ("-c 512 --cpu-quota -1", {"cpu_shares": 512, "cpu_quota": -1}),
    ("--memory-swap 5g --memory-reservation=1g", {"memswap_limit": 5 << 30, "mem_reservation": 1 << 30}),
    ("--memory-swap -1 --memory-swappiness 0", {"memswap_limit": -1, "mem_swappiness": 0}),
    ("--userns host --uts host --cgroupns private", {"userns_mode": "host", "uts_mode": "host", "cgroupns": "private"}),
    ("--sysctl net.core.somaxconn=1024", {"sysctls": {"net.core.somaxconn": "1024"}}),
    ("--oom-kill-disable --oom-score-adj=-5", {"oom_kill_disable": True, "oom_score_adj": -5}),
    ("--dns-search a.b --dns-opt ndots:1", {"dns_search": ["a.b"], "dns_opt": ["ndots:1"]}),
    ("-q --no-healthcheck --init", {}),
]


@pytest.mark.parametrize(("text", "settings"), PASSED_ON)
def test_other_flags_are_passed_on(text: str, settings: dict[str, object]) -> None:
    assert host_settings(parse_docker_args(text).options.passed) == settings
    known = inspect.signature(HostConfig.__init__).parameters
    assert settings.keys() <= known.keys()


def test_every_flag_that_is_passed_on_is_one_of_docker_py() -> None:
    known = inspect.signature(HostConfig.__init__).parameters
    assert {name for name, _ in PASSED.values()} <= known.keys()


def test_variables() -> None:
    assert parse_docker_args("-e HF_HOME --env A=1=2 -eB= -e A=3").env == (
        EnvRef("HF_HOME", EnvValue("host", "HF_HOME")),
        EnvRef("A", EnvValue("lit", "3")),
        EnvRef("B", EnvValue("lit", "")),
    )


# text, what is said
REFUSED = [
    ("--rm", "--rm cannot be used here: evaldock removes"),
    ("-it", "-it cannot be used here: nobody is there to type"),
    ("-ti", "-ti cannot be used here: the log is a file"),
    ("-d", "-d cannot be used here: evaldock always runs containers in the background"),
    ("--detach=true", "--detach cannot be used here"),
    ("--name x", "--name cannot be used here: evaldock names containers"),
    ("--name=x", "--name cannot be used here"),
    ("--restart always", "--restart cannot be used here: a task that ended"),
    ("--env-file .env", "--env-file cannot be used here: its values would have to be stored"),
    ("-p 80:80", "-p cannot be used here: tasks are clients"),
    ("--frobnicate=3", "--frobnicate is not supported. Supported are --add-host, --blkio-weight, --cap-add"),
    ("-x", "-x is not supported"),
    ("busybox", "'busybox' is not a flag"),
    ("--", "'--' is not a flag"),
    ("--network", "--network needs a value"),
    ("--network=", "--network needs a value"),
    ("--gpus ''", "--gpus needs a value"),
    ("--cpus many", "--cpus: 'many' is not a number of CPUs"),
    ("--cpus -1", "--cpus: '-1' is not a number of CPUs"),
    ("--cpus nan", "--cpus: 'nan' is not a number of CPUs"),
    ("-m lots", "--memory: 'lots' is not a size such as 512m or 2g"),
    ("-m 1m", "--memory 1m: Docker wants at least 6m"),
    ("--pids-limit x", "--pids-limit: 'x' is not a whole number"),
    ("--privileged=maybe", "--privileged is true or false, not 'maybe'"),
    ("-v /a", "write /host/dir:/container/dir"),
    ("-v /a:b", "must start with /"),
    ("-v /a:/results", "/results in the container is needed by evaldock itself"),
    ("-v /a://evaldock/x/", "/evaldock/x in the container is needed"),
    ("-v /a:/", "/ in the container is needed"),
    ("--mount type=bind,source=/a", "source and target are both needed"),
    ("--mount type=bind,source=/a,target=/b,bind-propagation=shared", "bind-propagation is not supported"),
    ("-v a/b:/d", "'a/b' is neither a host directory, such as /data or ./data, nor a volume"),
    ("-v /a:/b:zz", "the option zz is not one of docker's"),
    ("--mount type=npipe,source=a,target=/b", "type is bind, volume or tmpfs"),
    ("--mount type=volume,source=/a,target=/b", "type=volume the name of a volume"),
    ("--mount type=bind,source=ab,target=/b", "type=bind wants a directory"),
    ("--mount type=tmpfs", "write type=tmpfs,target=/dir"),
    ("--stop-timeout 5", "execution.kill_grace says how long"),
    ("--stop-signal=INT", "evaldock kill sends SIGTERM, then SIGKILL"),
    ("--pull always", "execution.pull says when to pull"),
    ("--memory-swap lots", "'lots' is not a size such as 512m or 2g"),
    ("--cpu-shares many", "'many' is not a whole number"),
    ("--oom-kill-disable=perhaps", "'perhaps' is not true or false"),
    ("--sysctl net", "'net' is not NAME=value"),
    ("--label evaldock.job=1", "labels starting with evaldock. are evaldock's own"),
    ("--network 'host", "cannot be split into words: No closing quotation"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_what_is_refused_is_named_with_a_reason(text: str, said: str) -> None:
    found = refused(text)
    assert len(found) == 1
    assert said in found[0]


def test_all_problems_come_at_once() -> None:
    assert len(refused("--rm --name x -it --frob --cpus no -e 'A-B=s3cret'")) == 6


def test_a_bad_variable_does_not_show_its_value() -> None:
    assert "s3cret" not in refused("-e A-B=s3cret")[0]


def test_a_size_that_is_none_is_refused() -> None:
    assert "'-1g' is not a size" in refused("--memory=-1g")[0]


def test_the_list_of_flags_is_sorted_and_long() -> None:
    flags = supported_flags()
    assert list(flags) == sorted(flags)
    assert {"--network", "--volume", "--gpus", "--tmpfs", "--privileged"} <= set(flags)


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        assert isinstance(parse_docker_args(text), DockerArgs)
    except ConfigError as error:
        assert error.problems
