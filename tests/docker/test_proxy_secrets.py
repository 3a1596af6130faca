"""The real key is where it belongs, in the proxy, and nowhere else; and the proxy serves its own containers only."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

from evaldock.core.plan.isolation import NETWORK
from evaldock.core.proxy.process import ProxyHandle, find_proxy
from evaldock.core.run.store import Run

from .conftest import IMAGE, Bench, Going, docker, wait_for
from .proxied import KEY, PATH, Endpoint, endpoint, files_with, plan_for

ASK = {"requests": 2, "interval": 0.01, "sleep": 600, "env_echo": "API_KEY"}


def at_work(bench: Bench, at: Endpoint, docker_args: str = "") -> Going:
    """A run whose container has asked and now sleeps."""
    going = bench.start(bench.run(plan_for(bench, at, ASK, docker_args=docker_args)), env={"API_KEY": KEY})
    going.until(0, "running")
    wait_for(lambda: len(at.answered) == 2 or going.error, "the answers")
    return going


def container(run: Run) -> str:
    return f"evaldock-{run.invocation}-0-a1"


def everything_in_proc() -> list[bytes]:
    """Arguments and environment of every process of this machine, containers included, but this one."""
    found: list[bytes] = []
    for path in Path("/proc").glob("[0-9]*"):
        if path.name != str(os.getpid()):
            for name in ("cmdline", "environ"):
                with contextlib.suppress(OSError):
                    found.append((path / name).read_bytes())
    return found


def kill(going: Going) -> None:
    going.engine.interrupt()
    going.engine.interrupt()
    going.end()


def test_the_real_key_is_nowhere_but_at_the_endpoint(bench: Bench) -> None:
    with endpoint() as at:
        going = at_work(bench, at)
        try:
            name = container(going.run)
            assert at.keys == {f"Bearer {KEY}"}, "the endpoint gets the real key"
            inspected = docker("inspect", name)
            log = going.run.paths.job("t0").stdout.read_text()
            token = log.split("API_KEY=")[1].splitlines()[0]
            assert token.startswith("ed-") and token in inspected
            assert KEY not in inspected
            assert KEY not in log
            seen = everything_in_proc()
            assert any(token.encode() in text for text in seen), "the container's processes were looked at"
            assert [text for text in seen if KEY.encode() in text] == []
            inside = docker("exec", name, "sh", "-c", "cat /evaldock/run_config.yaml /proc/*/environ 2>/dev/null; env")
            assert KEY not in inside
            assert files_with(KEY, bench.root) == []
        finally:
            kill(going)
    assert files_with(KEY, bench.root) == []


def test_a_container_without_a_token_of_this_run_gets_401(bench: Bench) -> None:
    with endpoint() as at, endpoint() as other:
        going, stranger = at_work(bench, at), at_work(bench, other)
        try:
            handle = find_proxy(going.run.paths.root)
            assert handle is not None
            theirs = docker("exec", container(stranger.run), "sh", "-c", "echo $API_KEY")
            for token in ("", "wrong", theirs, "ed-" + "0" * 40):
                said = ask_from_a_container(handle, token)
                assert "401 Unauthorized" in said, said
            assert len(at.asked) == 2, "nothing of that reached the endpoint"
            live = going.run.paths.root / "requests-live.json"
            wait_for(lambda: json.loads(live.read_bytes())["unknown_token"] == 4, "the count of strangers")
        finally:
            kill(going)
            kill(stranger)


def ask_from_a_container(handle: ProxyHandle, token: str) -> str:
    """What busybox's wget says in a container of its own, on the network of the tasks."""
    url = f"http://{handle.listen[-1]}:{handle.port}{PATH}"
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        NETWORK,
        IMAGE,
        "wget",
        "-S",
        "-O",
        "-",
    ]
    command += ["--header", f"Authorization: Bearer {token}", "--post-data", "{}", url]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_a_harness_of_one_s_own_gets_the_token_under_the_name_it_wants(bench: Bench, tmp_path: Path) -> None:
    from dataclasses import replace

    from evaldock.core.config.model import EnvValue
    from evaldock.core.plan.spec import EnvRef

    script = (
        'wget -q -O - --header "Authorization: Bearer $OPENAI_API_KEY" --post-data '
        '\'{"messages": [{"content": "a"}]}\' "$1" && echo {} >/results/results.json'
    )
    with endpoint() as at:
        plan = plan_for(bench, at, {})
        (job,) = plan.jobs
        url = job.run_config["target"]["api_endpoint"]["url"]  # type: ignore[index]
        own = EnvRef("OPENAI_API_KEY", EnvValue("host", "API_KEY"))
        job = replace(job, command=("sh", "-c", script, "sh", str(url)), env=(*job.env, own), result_format="json")
        run, state = bench.finish(replace(plan, jobs=(job,)), {"API_KEY": KEY})
        assert at.keys == {f"Bearer {KEY}"}, state.jobs[job.id].detail
    assert files_with(KEY, run.paths.root) == []
