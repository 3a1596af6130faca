"""How far a task says it is, in its own log, whatever the log and the pattern are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaldock.core.logs.progress import ProgressReader


@pytest.fixture
def reader() -> Iterator[ProgressReader]:
    found = ProgressReader()
    yield found
    found.close()


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("sample 1/9\nsample 2/9\n", r"sample (\d+)/(\d+)", (2, 9)),
        ("done 7\nnoise\n", r"done (\d+)", (7, None)),
        ("1/9 and 2/9\n", r"(\d)/(\d)", (2, 9)),
        ("0%|   | 0/1,319 [00:00<?]\r10%|#  | 131/1,319 [00:10<\r", r"(\d+)/([\d,]+) \[", (131, 1319)),
        ("nothing\n", r"(\d+)/(\d+)", None),
        ("at x of 5\n", r"at (\w+) of (\d+)", None),
        ("at 3 of many\n", r"at (\d+) of (\w+)", (3, None)),
        ("step 3\n", r"step (\d+)(?: of (\d+))?", (3, None)),
        ("step 3\n", r"^step (\d+)$", (3, None)),
        ("3\n/5\n", r"(\d)\s/(\d)", None),
        ("1/2\n" + "x" * 301 + "2/2\n", r"(\d)/(\d)", (1, 2)),
        ("", r"(\d+)", None),
    ],
)
def test_the_last_match_counts(
    tmp_path: Path, reader: ProgressReader, text: str, pattern: str, expected: object
) -> None:
    log = tmp_path / "stdout.log"
    log.write_text(text, newline="")
    assert reader.read(log, pattern) == expected


def test_only_the_end_of_a_long_log_is_read_and_any_bytes_are_taken(tmp_path: Path, reader: ProgressReader) -> None:
    log = tmp_path / "stdout.log"
    log.write_bytes(b"sample 9/9\n" + b"\xff\x00x\n" * 100_000 + b"sample 3/9\n")
    assert reader.read(log, r"sample (\d+)/(\d+)") == (3, 9)
    log.write_bytes(b"sample 9/9\n" + b"x\n" * 100_000)
    assert reader.read(log, r"sample (\d+)/(\d+)") is None


def test_what_is_no_file_tells_nothing(tmp_path: Path, reader: ProgressReader) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "link", tmp_path / "pipe"):
        assert reader.read(path, r"(\d+)") is None


def test_a_log_of_digits_without_end_is_looked_at_in_no_time(tmp_path: Path, reader: ProgressReader) -> None:
    """The pattern of the documentation, which is quadratic in the length of a line."""
    log = tmp_path / "stdout.log"
    log.write_text("3/9\n" + "1" * (1 << 16))
    assert reader.read(log, r"(\d+)/(\d+)") is None
    log.write_text("3/9\n" + ("1" * 300 + "\n") * 199)
    assert reader.read(log, r"(\d+)/(\d+)") == (3, 9)


def test_a_pattern_that_takes_for_ever_is_given_up_and_others_still_work(
    tmp_path: Path, reader: ProgressReader, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "stdout.log"
    endless = r"^(\d+)+x(\d)"
    log.write_text("1" * 200 + "\n")
    assert reader.read(log, endless) is None
    assert "takes too long" in caplog.text
    log.write_text("1" * 201 + "\n3/9\n")
    assert reader.read(log, endless) is None
    assert reader.read(log, r"(\d)/(\d)") == (3, 9)
    (tmp_path / "other").write_text("3x9\n")
    assert reader.read(tmp_path / "other", endless) == (3, 9)
    assert caplog.text.count("takes too long") == 1


def test_who_asks_for_the_newest_never_waits_and_has_it_in_the_end(tmp_path: Path, reader: ProgressReader) -> None:
    log = tmp_path / "stdout.log"
    log.write_text("1/9\n")
    assert reader.newest(log, r"(\d)/(\d)") is None
    while (found := reader.newest(log, r"(\d)/(\d)")) is None:
        time.sleep(0.01)
    log.write_text("12/9\n")
    while found == (1, 9):
        time.sleep(0.01)
        found = reader.newest(log, r"(\d+)/(\d)") or (1, 9)
    assert found == (12, 9)
