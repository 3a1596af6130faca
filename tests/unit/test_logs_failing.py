"""Which line of a log stands for the failure of its program."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from evaldock.core.base.secrets import HIDDEN
from evaldock.core.logs.failing import failing_line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("open('/data/x.csv')", "FileNotFoundError: [Errno 2] No such file or directory: '/data/x.csv'"),
        ("import json; json.loads('{')", "json.decoder.JSONDecodeError: Expecting property name"),
        ("raise KeyError('a') from ValueError('b')", "KeyError: 'a'"),
        ("class Odd(Exception): pass\nraise Odd('a\\nb')", "b"),
        ("import sys; sys.exit('no model of this name')", "no model of this name"),
        ("import sys, subprocess; subprocess.run([sys.executable, '-c', '1/0'], check=True)", "ZeroDivisionError"),
        ("assert False", "AssertionError"),
        ("import not_here", "ModuleNotFoundError: No module named 'not_here'"),
    ],
)  # fmt: skip
def test_what_python_says_of_a_failure(tmp_path: Path, program: str, line: str) -> None:
    log = tmp_path / "stdout.log"
    with log.open("wb") as file:
        assert subprocess.run([sys.executable, "-c", program], stdout=file, stderr=file, check=False).returncode
    assert failing_line(log).startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("\n \n", ""),
        ("one\ntwo\n", "two"),
        ("Error: no such task\nbye\n", "Error: no such task"),
        (" 10%|#   | 1/10\r 20%|##  | 2/10\r\x1b[31mfatal: out of luck\x1b[0m\nbye", "fatal: out of luck"),
        ("ValueError: first\n" + "x\n" * 100_000 + "the end\n", "the end"),
        ("token=sk-proj-0123456789abcdefghijklmnopqrstuv is an error", f"token={HIDDEN} is an error"),
        ("error " + "x" * 10_000, "error " + "x" * 194 + "..."),
    ],
)
def test_other_logs(tmp_path: Path, text: str, line: str) -> None:
    log = tmp_path / "stdout.log"
    log.write_text(text)
    assert failing_line(log) == line


def test_a_value_that_the_container_got_is_hidden(tmp_path: Path) -> None:
    log = tmp_path / "stdout.log"
    log.write_text("ValueError: bad token plain-words-here\n")
    assert failing_line(log, ("plain-words-here", None)) == f"ValueError: bad token {HIDDEN}"


def test_a_log_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert [failing_line(tmp_path / name) for name in ("link", "nowhere", ".")] == ["", "", ""]


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_a_line_that_is_safe_to_show(tmp_path: Path, data: bytes) -> None:
    log = tmp_path / "stdout.log"
    log.write_bytes(data)
    found = failing_line(log)
    assert not [c for c in found if unicodedata.category(c) in ("Cc", "Zl", "Zp")]
