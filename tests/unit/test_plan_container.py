from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from itertools import pairwise

import pytest
from evaldock.core.config.model import EnvValue, MountSpec, Resources
from evaldock.core.plan.commands import command_files, untrusted
from evaldock.core.plan.container import container_shape, image_reference
from evaldock.core.plan.docker_line import docker_run_line, docker_run_words
from evaldock.core.plan.environ import missing_env
from evaldock.core.plan.render import render_plan
from evaldock.core.plan.spec import DockerOptions, EnvRef, JobSpec, Plan

DIGEST = "sha256:" + "a" * 64
JOB = JobSpec(
    id="0a1b2c3d.4",
    index=4,
    task="ifeval",
    harness="h",
    image="reg.example/h:1",
    digest=DIGEST,
    endpoint_type="chat",
    url="http://h/v1/chat/completions",
    model_id="m",
    command=("nemo-evaluator", "run_eval", "--run_config", "/evaldock/run_config.yaml"),
    dir_name="ifeval",
    env=(
        EnvRef("HF_TOKEN", EnvValue("host", "HF_TOKEN_FOR_IFEVAL")),
        EnvRef("API_KEY", EnvValue("host", "API_KEY")),
        EnvRef("PASSWORD", EnvValue("lit", "hunter2secret")),
        EnvRef("PYTHONUNBUFFERED", EnvValue("lit", "1"), secret=False),
    ),
)
RUN_DIR = "/out dir/20260101_000000-0a1b2c3d"

SCRIPT = (
    'exec >>"$0" 2>&1; command -v "$1" >/dev/null 2>&1 || ! command -v eval-factory >/dev/null 2>&1'
    ' || { shift; set -- eval-factory "$@"; }; exec "$@"'
)


def test_the_shape() -> None:
    shape = container_shape(JOB, RUN_DIR, 2)
    assert shape.name == "evaldock-0a1b2c3d-4-a2"
    assert shape.image == f"reg.example/h:1@{DIGEST}"
    assert shape.entrypoint == ("/bin/sh",)
    assert shape.argv == ("-c", SCRIPT, "/evaldock/logs/stdout.log", *JOB.command)
    assert shape.env == JOB.env
    assert shape.mounts == (
        MountSpec(f"{RUN_DIR}/ifeval/logs", "/evaldock/logs"),
        MountSpec(f"{RUN_DIR}/ifeval/artifacts", "/results"),
        MountSpec(f"{RUN_DIR}/ifeval/run_config.yaml", "/evaldock/run_config.yaml", True),
    )
    assert shape.labels == {
        "evaldock.invocation": "0a1b2c3d",
        "evaldock.job": "0a1b2c3d.4",
        "evaldock.attempt": "2",
        "evaldock.run_dir": RUN_DIR,
        "evaldock.schema": "1",
    }
    assert shape.init
    assert shape.options.extra_hosts == ("host.docker.internal:host-gateway",)
    assert shape.options.security_opt == ("no-new-privileges",)
    assert shape.resources == Resources()


def test_what_the_user_says_is_kept() -> None:
    docker = DockerOptions(
        network="host",
        entrypoint="/wrap.sh",
        labels=("team=evals", "flag", "evaldock.job=x"),
        extra_hosts=("host.docker.internal:10.0.0.1", "a:1"),
        security_opt=("no-new-privileges=false",),
    )
    shape = container_shape(replace(JOB, docker=docker, mounts=(MountSpec("/d", "/datasets"),)), RUN_DIR)
    assert shape.argv[3] == "/wrap.sh"
    assert shape.labels["team"] == "evals" and shape.labels["flag"] == ""
    assert shape.labels["evaldock.job"] == JOB.id
    assert shape.options.extra_hosts == ("host.docker.internal:10.0.0.1", "a:1")
    assert shape.options.security_opt == ("no-new-privileges=false",)
    assert shape.options.labels == () and shape.options.entrypoint is None
    assert shape.mounts[-1] == MountSpec("/d", "/datasets")


def test_a_borrowed_network_gets_no_extra_hosts() -> None:
    shape = container_shape(replace(JOB, docker=DockerOptions(network="container:x")), RUN_DIR)
    assert shape.options.extra_hosts == ()


@pytest.mark.parametrize(
    ("image", "digest", "seen"),
    [("i:1", "", "i:1"), (f"i@{DIGEST}", DIGEST, f"i@{DIGEST}"), ("i", "sha256:b", "i@sha256:b")],
)
def test_the_digest_pins_the_image(image: str, digest: str, seen: str) -> None:
    assert image_reference(replace(JOB, image=image, digest=digest)) == seen


def test_the_line_names_secrets_and_shows_none() -> None:
    line = docker_run_line(JOB, RUN_DIR)
    assert line.startswith('HF_TOKEN="$HF_TOKEN_FOR_IFEVAL" docker run --detach --name evaldock-0a1b2c3d-4-a1 --init')
    assert "hunter2secret" not in line
    assert " -e PASSWORD -e PYTHONUNBUFFERED=1 " in line
    assert "\n" not in line


def test_the_line_splits_back_into_its_words() -> None:
    words = docker_run_words(container_shape(JOB, RUN_DIR))
    assert shlex.split(docker_run_line(JOB, RUN_DIR))[1:] == words
    assert words[-9:] == [
        "/bin/sh",
        f"reg.example/h:1@{DIGEST}",
        "-c",
        SCRIPT,
        "/evaldock/logs/stdout.log",
        *JOB.command,
    ]
    pairs = set(pairwise(words))
    assert {
        ("--entrypoint", "/bin/sh"),
        ("--security-opt", "no-new-privileges"),
        ("--pids-limit", "16384"),
        ("--shm-size", "16g"),
        ("--add-host", "host.docker.internal:host-gateway"),
        ("--label", "evaldock.job=0a1b2c3d.4"),
        ("--mount", f"type=bind,source={RUN_DIR}/ifeval/run_config.yaml,target=/evaldock/run_config.yaml,readonly"),
    } <= pairs


def test_every_option_and_limit_is_in_the_line() -> None:
    docker = DockerOptions(
        network="n",
        ipc="i",
        pid="p",
        user="u",
        workdir="/w",
        hostname="hn",
        runtime="rt",
        platform="pf",
        entrypoint="/ep",
        privileged=True,
        read_only=True,
        extra_hosts=("eh:1",),
        cap_add=("ca",),
        cap_drop=("cd",),
        security_opt=("so",),
        devices=("dv",),
        dns=("dn",),
        ulimits=("ul=1",),
        tmpfs=("/tf",),
        labels=("lb=1",),
    )
    limits = Resources(cpus=1.5, memory=3 << 29, gpus="device=0,1", pids=-1, shm_size=1000)
    mounts = (MountSpec("/a,b", "/c"),)
    words = docker_run_words(container_shape(replace(JOB, docker=docker, resources=limits, mounts=mounts), RUN_DIR))
    text = " ".join(words)
    for expected in (
        "--network n --ipc i --pid p --user u --workdir /w --hostname hn --runtime rt --platform pf",
        "--add-host eh:1 --cap-add ca --cap-drop cd --security-opt no-new-privileges --security-opt so",
        "--device dv --dns dn --ulimit ul=1 --tmpfs /tf --privileged --read-only",
        '--pids-limit -1 --cpus 1.5 --memory 1536m --shm-size 1000 --gpus "device=0,1"',
        '--mount type=bind,"source=/a,b",target=/c',
        "--label lb=1",
        "stdout.log /ep nemo-evaluator",
    ):
        assert expected in text


def test_the_log_script_appends_and_passes_arguments_whole(tmp_path) -> None:  # type: ignore[no-untyped-def]
    job = replace(JOB, command=("sh", "-c", 'echo "$1"; echo err >&2; exit 7', "x", "a  b $(id) 'c'"))
    shape = container_shape(job, RUN_DIR)
    log = tmp_path / "stdout.log"
    log.write_text("before\n")
    argv = [*shape.entrypoint, *(str(log) if a == "/evaldock/logs/stdout.log" else a for a in shape.argv)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"", b"")
    assert log.read_text() == "before\na  b $(id) 'c'\nerr\n"


def test_commands_of_a_config_are_files_that_the_starting_shell_reads() -> None:
    shape = container_shape(replace(JOB, pre_cmd="export A=1", post_cmd="ls"), "/runs/r")
    assert {m.source: (m.target, m.read_only) for m in shape.mounts if m.target.endswith("_cmd.sh")} == {
        "/runs/r/ifeval/pre_cmd.sh": ("/evaldock/pre_cmd.sh", True),
        "/runs/r/ifeval/post_cmd.sh": ("/evaldock/post_cmd.sh", True),
    }
    assert shape.argv[-len(JOB.command) :] == JOB.command
    assert "export A=1" not in " ".join(shape.argv)
    assert command_files(JOB) == {}


def test_commands_of_a_config_need_the_users_consent() -> None:
    plan = Plan("i", "/out", "parallel", 1, "missing", "m", "http://x", (replace(JOB, post_cmd="ls"),))
    (problem,) = untrusted(plan, {})
    assert "export NEMO_EVALUATOR_TRUST_PRE_CMD=1" in problem.message
    assert problem in missing_env(plan, {"API_KEY": "x"})
    assert untrusted(plan, {"NEMO_EVALUATOR_TRUST_PRE_CMD": "1"}) == []
    assert "runs   post_cmd.sh:\n" in render_plan(None, plan, {})
