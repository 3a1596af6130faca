"""The way to a URL by the proxy variables; curl and requests are what it is held to."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from evaldock.core.base.proxies import is_excepted, proxy_for, unspoken, with_exceptions
from requests.utils import should_bypass_proxies

HOST, SIX, FOUR = "http://a.example.com:8000", "http://[fd00::1]:8000", "http://10.1.2.3:8000"

# Where curl and requests agree, or one of them goes straight by a rule that it documents.
RULES = [
    (FOUR, "10.0.0.0/8", True),
    (FOUR, "10.1.2.3", True),
    (FOUR, "10.1.2.3/32", True),
    (FOUR, "10.1.2.0/33", False),
    (FOUR, "10.1.2.0/x", False),
    (FOUR, "0.0.0.0/0", False),
    (FOUR, "11.0.0.0/8", False),
    (SIX, "fd00::1", True),
    (SIX, "fe80::/10", False),
    (HOST, "example.com", True),
    (HOST, ".example.com", True),
    ("http://example.com:8000", ".example.com", True),
    ("http://A.Example.COM:8000", "a.example.com", True),
    ("http://aexample.com:8000", "example.com", False),
    (HOST, "*.example.com", False),
    (HOST, "*", True),
    (HOST, "x,*", False),
    (HOST, "x , a.example.com", True),
    (HOST, "x;a.example.com", False),
    (HOST, "https://a.example.com", False),
    (HOST, "a.example.com:80", False),
    (HOST, "com", True),
    (HOST, "", False),
    (HOST, ",", False),
    (HOST, ".", False),
]
# Of one of them only, or of Go's rules, which Docker goes by.
MORE = [
    (HOST, "a.example.com:8000", True),
    (HOST, "example.com:8000", True),
    ("http://a.example.com", "a.example.com:80", True),
    (FOUR, "10.1.2.3:8000", True),
    (FOUR, "10.1.2.3:80", False),
    (FOUR, "2.3", False),
    (SIX, "fd00::/8", True),
    (SIX, "[fd00::1]", True),
    (SIX, "[fd00::1]:8000", True),
    (SIX, "[fd00::1]:80", False),
    (SIX, "fd00:0:0:0:0:0:0:1", True),
    ("http://a.example.com.:8000", "a.example.com", True),
    (HOST, "a.example.com.", True),
    (HOST, "x a.example.com", True),
]


def goes_straight(url: str, exceptions: str) -> bool:
    parts = urlsplit(url)
    return is_excepted(parts.hostname or "", parts.port or 80, exceptions)


@pytest.mark.parametrize(("url", "exceptions", "straight"), RULES + MORE)
def test_what_no_proxy_excepts(url: str, exceptions: str, straight: bool) -> None:
    assert goes_straight(url, exceptions) is straight


@pytest.mark.parametrize(("url", "exceptions", "straight"), RULES)
def test_requests_agrees(url: str, exceptions: str, straight: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert bool(should_bypass_proxies(f"{url}/", exceptions)) is straight


@pytest.fixture
def proxy() -> Iterator[str]:
    """A proxy that answers everything with 299."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    line.recv(4096)
                    line.sendall(b"HTTP/1.1 299 Seen\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here to be asked")
def test_curl_agrees(proxy: str) -> None:
    asked = [
        (
            rule,
            subprocess.Popen(
                ["curl", "-s", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", f"{rule[0]}/"],
                env={"http_proxy": proxy, "no_proxy": rule[1], "PATH": "/usr/bin:/bin"},
                stdout=subprocess.PIPE, text=True,
            ),
        )
        for rule in RULES
    ]  # fmt: skip
    assert [rule for rule, curl in asked if (curl.communicate()[0] != "299") is not rule[2]] == []


def test_which_proxy_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://upper:1")
    monkeypatch.setenv("all_proxy", "other:2")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "inner.example:8443")
    assert proxy_for("https://api.example/v1") == "http://upper:1"
    assert proxy_for("http://api.example/v1") == "http://other:2", "what names no scheme is an HTTP proxy"
    assert proxy_for("https://inner.example:8443/v1") is None
    assert proxy_for("https://inner.example/v1") == "http://upper:1"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "127.3.2.1", "[::1]:8000", "0.0.0.0:1", "x.localhost"])
def test_this_machine_is_never_reached_through_a_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy:1")
    assert proxy_for(f"http://{host}/v1") is None


def test_a_proxy_that_is_not_spoken_is_named_without_its_password() -> None:
    assert unspoken("http://u:p@squid:3128") == unspoken("https://squid") == ""
    why = unspoken("socks5h://user:secret@gate:1080")
    assert "SOCKS" in why and "socks5h://gate:1080" in why and "secret" not in why


@pytest.mark.parametrize(
    ("listed", "value"),
    [
        (["a,b", "b c"], "a,b,c,host"),
        ([], "host"),
        ([" * "], "*"),
        (["a", "*"], "*"),
        (["host,a"], "host,a"),
    ],
)
def test_exceptions_are_added_to(listed: list[str], value: str) -> None:
    assert with_exceptions(listed, ["host"]) == value
