"""How far a task says it is, in its own log."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaldock.core.logs.progress import read_log_progress


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("sample 1/9\nsample 2/9\n", r"sample (\d+)/(\d+)", (2, 9)),
        ("done 7\nnoise\n", r"done (\d+)", (7, None)),
        ("0%|   | 0/1,319 [00:00<?]\r10%|#  | 131/1,319 [00:10<\r", r"(\d+)/([\d,]+) \[", (131, 1319)),
        ("nothing\n", r"(\d+)/(\d+)", None),
        ("at x of 5\n", r"at (\w+) of (\d+)", None),
        ("at 3 of many\n", r"at (\d+) of (\w+)", (3, None)),
        ("step 3\n", r"step (\d+)(?: of (\d+))?", (3, None)),
        ("", r"(\d+)", None),
    ],
)
def test_the_last_match_counts(tmp_path: Path, text: str, pattern: str, expected: object) -> None:
    log = tmp_path / "stdout.log"
    log.write_text(text, newline="")
    assert read_log_progress(log, pattern) == expected


def test_only_the_end_of_a_long_log_is_read_and_any_bytes_are_taken(tmp_path: Path) -> None:
    log = tmp_path / "stdout.log"
    log.write_bytes(b"sample 9/9\n" + b"\xff\x00x\n" * 100_000 + b"sample 3/9\n")
    assert read_log_progress(log, r"sample (\d+)/(\d+)") == (3, 9)
    log.write_bytes(b"sample 9/9\n" + b"x\n" * 100_000)
    assert read_log_progress(log, r"sample (\d+)/(\d+)") is None


def test_what_is_no_file_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "link"):
        assert read_log_progress(path, r"(\d+)") is None
