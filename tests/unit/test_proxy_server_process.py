"""The proxy as a process: started, found again, told things, stopped, and what it leaves on disk."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.base.lock import EngineLock
from evaldock.core.proxy import lifetime
from evaldock.core.proxy.endpoints import base_path
from evaldock.core.proxy.jobs import Jobs
from evaldock.core.proxy.process import ProxyHandle, ProxyStartError, ensure_key, find_proxy, job_token, start_proxy
from evaldock.core.proxy.upstream import Options, parse_retry_after

from .proxy_server_rig import ANSWER, CHAT, KEY


class _Endpoint(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Authorization"] == f"Bearer {KEY}"
        body = json.dumps({**ANSWER, "key": key, "asked": asked}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[int]:
    """The port of an endpoint in a thread."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endpoint)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def run_dir(tmp_path: Path) -> Iterator[Path]:
    """A run's directory whose proxy is gone after the test."""
    root = tmp_path / "run"
    root.mkdir()
    yield root
    handle = find_proxy(root)
    if handle is not None:
        handle.stop()


def one_job(run_dir: Path, port: int, **changes: Any) -> dict[str, Any]:
    """Job `a.0`."""
    folder = run_dir / "a"
    folder.mkdir(exist_ok=True)
    base = {"token": job_token(ensure_key(run_dir), "a.0"), "upstream": f"http://127.0.0.1:{port}{CHAT}"}
    return {"a.0": {**base, "api_key": KEY, "task": "a", "dir": str(folder), "options": {}, "adapter": {}, **changes}}


def ask(port: int, token: str, host: str = "127.0.0.1", body: object = None) -> tuple[int, Any]:
    """Status and JSON of one request."""
    data = json.dumps({"model": "m"} if body is None else body).encode()
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("POST", CHAT, data, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def wait_for_exit(handle: ProxyHandle) -> None:
    """Until the proxy's process is no more (its lock is free before that)."""
    assert handle.process is not None
    handle.process.wait(20)


def test_a_proxy_from_start_to_stop(run_dir: Path, endpoint: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", KEY)
    assert find_proxy(run_dir) is None
    jobs = one_job(run_dir, endpoint)
    handle = start_proxy(run_dir, jobs, ["127.0.0.1", "127.0.0.2"])
    token = jobs["a.0"]["token"]
    for host in ("127.0.0.1", "127.0.0.2"):
        code, body = ask(handle.port, token, host)
        assert (code, body["key"]) == (200, True)
    assert ask(handle.port, "wrong")[0] == 401
    assert find_proxy(run_dir) == handle
    assert start_proxy(run_dir, jobs, ["127.0.0.1"]) == handle, "a second start finds the first proxy"
    for name in ("environ", "cmdline"):
        assert KEY.encode() not in Path(f"/proc/{handle.pid}/{name}").read_bytes()
    left = handle.update({})
    assert left["a.0"]["ok"] == 2
    assert ask(handle.port, token)[0] == 401
    handle.stop()
    assert find_proxy(run_dir) is None
    wait_for_exit(handle)
    live = json.loads((run_dir / "requests-live.json").read_bytes())
    assert live["unknown_token"] == 2
    for path in run_dir.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_new_proxy_takes_port_and_figures_of_one_that_was_killed(run_dir: Path, endpoint: int) -> None:
    jobs = one_job(run_dir, endpoint)
    first = start_proxy(run_dir, jobs, ["127.0.0.1"])
    assert ask(first.port, jobs["a.0"]["token"])[0] == 200
    first.update(jobs)
    os.kill(first.pid, signal.SIGKILL)
    wait_for_exit(first)
    assert find_proxy(run_dir) is None
    second = start_proxy(run_dir, jobs, ["127.0.0.1"])
    assert (second.port, second.pid != first.pid) == (first.port, True)
    assert ask(second.port, jobs["a.0"]["token"])[0] == 200
    assert second.update({})["a.0"]["ok"] == 2
    second.stop()
    wait_for_exit(second)


def test_a_proxy_that_cannot_start_says_why(run_dir: Path) -> None:
    with pytest.raises(ProxyStartError, match=r"cannot listen on 203\.0\.113\.1"):
        start_proxy(run_dir, {}, ["127.0.0.1", "203.0.113.1"])
    with pytest.raises(ProxyStartError, match="job a has no token"):
        start_proxy(run_dir, {"a": {}}, ["127.0.0.1"])


def test_a_port_that_somebody_else_took_gets_to_know_nothing(run_dir: Path, endpoint: int) -> None:
    handle = start_proxy(run_dir, one_job(run_dir, endpoint), ["127.0.0.1"])
    os.kill(handle.pid, signal.SIGKILL)
    wait_for_exit(handle)
    with socket.create_server(("127.0.0.1", handle.port)) as thief:
        thief.setblocking(False)
        with pytest.raises(ProxyStartError, match="is gone"):
            handle.update(one_job(run_dir, endpoint))
        with pytest.raises(BlockingIOError):
            thief.accept()


def test_the_key_is_made_once_and_is_private(run_dir: Path) -> None:
    key = ensure_key(run_dir)
    assert ensure_key(run_dir) == key
    assert (run_dir / "proxy.key").stat().st_mode & 0o777 == 0o600
    assert job_token(key, "a") != job_token(key, "b")
    assert (job_token(key, "a")[:3], len(job_token(key, "a"))) == ("ed-", 43)


def test_a_full_disk_costs_the_figures_and_nothing_else(tmp_path: Path) -> None:
    Jobs(tmp_path).write([(tmp_path / "missing" / "requests.json", b"{}")])


def test_a_run_is_over_when_its_journal_says_so_last(run_dir: Path) -> None:
    journal = run_dir / "journal.jsonl"
    assert not lifetime.run_is_over(journal)
    for text, over in (
        ('{"e":"run_finished"}\n{"e":"engine_stopped"}\n', True),
        ('{"e":"run_finished"}\n{"e":"engine_started"}\n{"e":"job"}\n{"e":"jo', False),
    ):
        journal.write_text(text)
        assert lifetime.run_is_over(journal) == over


def test_a_proxy_is_needed_while_an_engine_lives_or_requests_come(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    need = lifetime.Need(run_dir)
    now[0] = 1700.0
    assert need.over(1, 0) == ""
    now[0] = 3400.0
    assert need.over(1, 1) == ""
    now[0] = 5300.0
    assert "half an hour" in need.over(1, 0)
    (run_dir / "journal.jsonl").write_text('{"e":"run_finished"}\n')
    assert need.over(2, 0) == "the run has finished"
    with EngineLock(run_dir / "engine.lock") as lock:
        assert lock.acquire()
        assert need.over(2, 0) == ""
    for path in run_dir.iterdir():
        path.unlink()
    run_dir.rmdir()
    assert "gone" in need.over(2, 0)
    run_dir.mkdir()


def test_jobs_that_are_replaced_keep_the_figures_of_their_attempt(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    spec = one_job(tmp_path, 1)
    token = spec["a.0"]["token"]
    jobs.replace(spec)
    job = jobs.by_token[token]
    job.figures.begin()
    assert jobs.replace(one_job(tmp_path, 1)) == []
    assert jobs.by_token[token] is job
    jobs.replace(one_job(tmp_path, 2))
    assert jobs.by_token[token].figures is job.figures
    jobs.replace(one_job(tmp_path, 2, attempt=2))
    assert jobs.by_token[token].figures.sent == 0


def test_retry_after_in_seconds_and_as_a_date() -> None:
    assert parse_retry_after("2.5") == 2.5
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert parse_retry_after(soon) == pytest.approx(30, abs=2)
    assert [parse_retry_after(text) for text in (None, "", "soon")] == [None, None, None]
    options = Options(request_timeout=10, retry_backoff=1)
    assert 5 <= options.backoff(0, "5") <= 5.5
    assert options.backoff(0, "86400") <= 10.5, "no longer than an attempt may take"
    assert 2 <= options.backoff(2) <= 4


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/v1/chat/completions", "/v1"),
        ("/v1/completions/", "/v1"),
        ("/chat/completions", ""),
        ("/v1", "/v1"),
        ("/", ""),
    ],
)
def test_the_base_of_an_endpoint(path: str, base: str) -> None:
    assert base_path(path) == base
