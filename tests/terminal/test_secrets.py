"""The value of a secret is in the container and in what the task itself prints, and nowhere else."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from .conftest import Desk, until_printed, until_state, wait_for, wake


@pytest.fixture
def secret() -> str:
    return "s3cr3t-" + os.urandom(12).hex()


def files_with(secret: str, root: Path) -> list[Path]:
    """All files below `root` that hold the secret."""
    return [path for path in root.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def command_lines() -> list[bytes]:
    """The command lines of all processes of this machine."""
    found: list[bytes] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes())
    return found


def secret_config(desk: Desk, **execution: object) -> str:
    return desk.config({"env_echo": "MY_KEY", "sleep": 600}, env_vars={"MY_KEY": "host:HOST_KEY"}, **execution)


def test_a_run_keeps_it_out_of_files_arguments_and_the_screen(desk: Desk, secret: str) -> None:
    screen = desk.screen("run", secret_config(desk), env={"HOST_KEY": secret})
    run = desk.run()
    seen: set[bytes] = set()

    def watched() -> bool:
        # Looked at all along: the arguments of a helper process would be there for a moment only.
        seen.update(command_lines())
        log = run.paths.job("t0").stdout
        return log.exists() and b"MY_KEY=" in log.read_bytes()

    wait_for(watched, "the task to print it")
    until_state(run, 0, "running")
    wake(run, 0)
    output = screen.ends(0)
    assert any(b"evaldock\0run\0" in line for line in seen)
    assert [line for line in seen if secret.encode() in line] == []
    assert secret.encode() not in output
    assert f"MY_KEY={secret}\n".encode() in run.paths.job("t0").stdout.read_bytes()
    assert files_with(secret, desk.root) == [run.paths.job("t0").stdout]


def test_a_detached_engine_keeps_it_out_of_its_arguments_and_its_log(desk: Desk, secret: str) -> None:
    env_file = desk.root / "keys.env"
    env_file.write_text(f"HOST_KEY={secret}\n")
    done = desk.call("run", secret_config(desk), "--detach", "--env-file", str(env_file))
    assert done.returncode == 0, done.stderr
    run = desk.run()
    until_printed(run, 0, "MY_KEY=")
    until_state(run, 0, "running")
    lines = command_lines()
    assert any(b"evaldock.core.engine\0" in line for line in lines)
    said = [
        done.stdout + done.stderr,
        *(desk.call(*words).stdout for words in (("status",), ("status", "--json"), ("ls", "runs", "--json"))),
    ]
    assert desk.call("kill", run.invocation).returncode == 0
    assert [line for line in lines if secret.encode() in line] == []
    assert [text for text in said if secret in text] == []
    assert run.paths.engine_log.exists()
    assert sorted(files_with(secret, desk.root)) == sorted([env_file, run.paths.job("t0").stdout])


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_a_dry_run_says_that_it_is_set_and_not_what_it_is(desk: Desk, secret: str, form: tuple[str, ...]) -> None:
    screen = desk.screen("run", secret_config(desk), "--dry-run", *form, env={"HOST_KEY": secret})
    output = screen.ends(0)
    assert b"HOST_KEY" in output
    assert secret.encode() not in output


def test_a_container_that_cannot_be_made_does_not_tell_it(desk: Desk, secret: str) -> None:
    config = secret_config(desk, extra_docker_args="--network evaldock-nowhere")
    screen = desk.screen("run", config, env={"HOST_KEY": secret, "EVALDOCK_DEBUG": "1"})
    output = screen.ends(1)
    assert b"evaldock-nowhere" in output
    assert secret.encode() not in output
    assert files_with(secret, desk.root) == []


def test_a_key_written_where_its_name_belongs_is_refused_and_not_repeated(desk: Desk) -> None:
    pasted = "sk-" + os.urandom(16).hex()
    config = desk.config({}, env_vars={"MY_KEY": pasted})
    for words in (("run", config), ("run", config, "--dry-run")):
        output = desk.screen(*words).ends(2)
        assert b"looks like a secret itself" in output
        assert pasted.encode() not in output
    assert not desk.results.exists()
