"""The daemon that is meant is the one that the docker command would talk to."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from evaldock.core.engine.docker.client import Clients
from evaldock.core.engine.docker.context import NoSuchContext, daemon_of
from evaldock.core.engine.docker.reach import quick_version
from evaldock.core.engine.executor import ExecutorUnavailable

OTHER = "unix:///run/user/1000/docker.sock"
FAR = "tcp://10.1.2.3:2376"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration of docker's with the contexts `other` and `far`, which brings its certificates."""
    for name, host, skip in (("other", OTHER, False), ("far", FAR, True)):
        digest = hashlib.sha256(name.encode()).hexdigest()
        meta = tmp_path / "contexts" / "meta" / digest
        meta.mkdir(parents=True)
        endpoint = {"Host": host, "SkipTLSVerify": skip}
        (meta / "meta.json").write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}))
        if name == "far":
            tls = tmp_path / "contexts" / "tls" / digest / "docker"
            tls.mkdir(parents=True)
            for part in ("ca.pem", "cert.pem", "key.pem"):
                (tls / part).write_text("x")
    return tmp_path


CASES: list[tuple[dict[str, str], str | None, str]] = [
    ({}, None, "default"),
    ({}, "other", "other"),
    ({}, "default", "default"),
    ({"DOCKER_CONTEXT": "other"}, None, "other"),
    ({"DOCKER_CONTEXT": "default"}, "other", "default"),
    ({"DOCKER_CONTEXT": ""}, "other", "other"),
    ({"DOCKER_CONTEXT": "far"}, "other", "far"),
    ({"DOCKER_HOST": FAR}, "other", "default"),
    ({"DOCKER_HOST": FAR, "DOCKER_CONTEXT": "other"}, None, "default"),
    ({"DOCKER_HOST": "", "DOCKER_CONTEXT": "other"}, None, "other"),
    ({"DOCKER_CONTEXT": "nope"}, None, "!"),
    ({}, "nope", "!"),
]


def settings(folder: Path, env: dict[str, str], current: str | None) -> dict[str, str]:
    if current is not None:
        (folder / "config.json").write_text(json.dumps({"currentContext": current}))
    return {"DOCKER_CONFIG": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin", **env}


@pytest.mark.parametrize(("env", "current", "name"), CASES)
def test_the_context_that_counts(folder: Path, env: dict[str, str], current: str | None, name: str) -> None:
    env = settings(folder, env, current)
    if name == "!":
        with pytest.raises(NoSuchContext, match=r"no docker context 'nope' .* names\. Choose one"):
            daemon_of(env)
        assert quick_version(env) is None
        return
    found = daemon_of(env)
    assert (found.context or "default") == name
    assert found.host == {"other": OTHER, "far": FAR}.get(name, env.get("DOCKER_HOST", ""))


@pytest.mark.skipif(shutil.which("docker") is None, reason="no docker command here to be asked")
def test_the_docker_command_agrees(folder: Path) -> None:
    for env, current, name in CASES:
        command = ["docker", "context", "inspect", "--format", "{{.Name}} {{.Endpoints.docker.Host}}"]
        env = settings(folder, env, current)
        asked = subprocess.run(command, env=env, capture_output=True, text=True)
        (folder / "config.json").unlink(missing_ok=True)
        if name == "!":
            assert asked.returncode != 0
            continue
        host = {"other": OTHER, "far": FAR}.get(name, env.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
        assert asked.stdout.split() == [name, host], (env, current)


def test_the_certificates_of_a_context(folder: Path) -> None:
    found = daemon_of({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "far"})
    assert found.socket is None and not found.verify
    assert [Path(path).name for path in (found.ca, found.cert, found.key)] == ["ca.pem", "cert.pem", "key.pem"]
    assert daemon_of({"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "other"}).ca == ""


def test_every_call_fails_with_the_name_of_an_unknown_context(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    monkeypatch.setenv("DOCKER_CONTEXT", "nope")
    with pytest.raises(ExecutorUnavailable, match="no docker context 'nope'"):
        Clients().get()


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("ssh://me@lab", "Docker at ssh://me@lab is on another machine"),
        ("tcp://127.0.0.1:9", "Docker does not answer at tcp://127.0.0.1:9: nothing listens there"),
        ("unix:///nowhere.sock", "it is not running"),
    ],
)
def test_why_a_daemon_is_out_of_reach(monkeypatch: pytest.MonkeyPatch, host: str, words: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(ExecutorUnavailable, match=words):
        Clients().get()


def test_a_configuration_that_cannot_be_read_chooses_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{not json")
    assert daemon_of({"DOCKER_CONFIG": str(tmp_path)}).context == ""
    assert daemon_of({"HOME": str(tmp_path / "gone")}).where == "unix:///var/run/docker.sock"
