"""Names and servers of strangers in what leaves: CSV, JSON on a terminal, logs, and tokens that go nowhere else."""

from __future__ import annotations

import csv
import io
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from evaldock.core.base.sanitize import CleanFormatter, json_text
from evaldock.core.results.delivery import ExportFailed
from evaldock.core.results.mlflow_api import Mlflow
from evaldock.core.results.model import JobResult, RequestCounts
from evaldock.core.results.read import read_results
from evaldock.core.results.scores import as_csv, as_json


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_is_a_formula_in_a_csv(text: str) -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([{"metric": text, "value": -0.5, "why": "\x1b]52;c;x\x07a\x9bb"}])))
    assert row["metric"] == "'" + text.strip()
    assert row["value"] == "-0.5"
    assert row["why"] == "a"


def test_plain_text_and_numbers_of_a_csv_stay(tmp_path: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([{"metric": "strict:prompt-level", "model": "-1.5", "n": 3}])))
    assert (row["metric"], row["model"], row["n"], row["value"]) == ("strict:prompt-level", "-1.5", "3", "")


def test_json_stays_readable_and_steers_nothing() -> None:
    said = "é漢\x9b31m\x9d52;c;x\x07\x7f\u202e\u2066\ud800"
    text = json_text({"detail": said}, indent=2)
    assert json.loads(text) == {"detail": said}
    assert "é漢\\u009b31m\\u009d52" in text
    assert "\\u202e\\u2066\\ud800" in text
    assert json.loads(as_json([{"detail": said}])) == [{"detail": said}]
    text.encode()


def test_a_log_of_ours_steers_no_terminal() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "", 0, "it said %s", ("\x1b]52;c;aGk=\x07\x9b2J\u202eok\nnext",), None
    )
    assert CleanFormatter("%(message)s").format(record) == "it said ok\nnext"


def test_a_score_whose_requests_the_proxy_never_saw_is_suspect(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps({"accuracy": {"value": 0.99, "n": 10}}))
    stats = {"count": 10, "successful_count": 10, "status_codes": {"200": 10}}
    (tmp_path / "eval_factory_metrics.json").write_text(json.dumps({"response_stats": stats}))

    def validity(seen: RequestCounts | None) -> str:
        found = read_results(tmp_path, fmt="json", file="", task="t", primary_metric="", samples=10, seen=seen)
        assert isinstance(found, JobResult) and found.score is not None
        return f"{found.score.validity}: {found.score.why}"

    assert validity(RequestCounts()).startswith("suspect: The proxy saw no request of it")
    assert validity(None) == "valid: "
    assert validity(RequestCounts(10, 10, answers=10, unanswered=0)) == "valid: "


@contextmanager
def server(location: str = "") -> Iterator[tuple[str, list[str | None]]]:
    """A server that redirects to `location`, or answers; and the tokens that it was given."""
    tokens: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.append(self.headers.get("Authorization"))
            self.send_response(302 if location else 200)
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(b"{}")

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{found.server_port}", tokens
    finally:
        found.shutdown()
        thread.join()
        found.server_close()


def test_a_server_on_this_machine_is_not_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as (uri, given):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        Mlflow(uri, {}).end("run", 0)
        assert given == [None]


def test_a_proxy_on_the_way_to_a_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with server() as (proxy, given):
        monkeypatch.setenv("http_proxy", proxy)
        Mlflow("http://mlflow.example", {"MLFLOW_TRACKING_TOKEN": "t"}).end("run", 0)
        assert given == ["Bearer t"]
        monkeypatch.setenv("http_proxy", proxy.replace("http", "socks5"))
        with pytest.raises(ExportFailed, match=r"mlflow.example \(through the proxy 127.0.0.1:\d+\) .*SOCKS proxy"):
            Mlflow("http://mlflow.example", {}).end("run", 0)


def test_a_token_does_not_follow_a_redirect() -> None:
    with server() as (elsewhere, taken), server(elsewhere) as (uri, given):
        with pytest.raises(ExportFailed, match=r"sends the export elsewhere \(302\)"):
            Mlflow(uri, {"MLFLOW_TRACKING_TOKEN": "token-1"}).end("run", 0)
        assert (given, taken) == (["Bearer token-1"], [])
