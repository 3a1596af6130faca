"""Where a URL leads, and what of it may be shown."""

from __future__ import annotations

import pytest
from evaldock.core.base.urls import bare_url, is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1", "0.0.0.0", "::1", "::"]
)
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["::ffff:127.0.0.1", "0x7f000001", "127.255.0.9", "::1%lo", "::"])
def test_this_machine_written_otherwise(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [None, "127.evil.com", "localhost.evil.com", "10.0.0.1", "::2", "1.127", "mylocalhost"]
)
def test_other_machines(host: str | None) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://me:p@ss@h:8/v1?key=a#b", "https://h:8/v1"),
        ("http://h/v1", "http://h/v1"),
        ("http://[::1]:8/v1?x", "http://[::1]:8/v1"),
        ("http://me:p@[bad/v1?key=a", "[bad/v1"),
        ("", ""),
    ],
)
def test_a_url_without_what_may_be_secret(url: str, bare: str) -> None:
    assert bare_url(url) == bare
