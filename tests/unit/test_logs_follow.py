"""Following logs, byte for byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.logs.follow import LogFollower
from evaldock.core.run.layout import archive_attempt
from hypothesis import given
from hypothesis import strategies as st

from .test_run_layout import new_run


def tail(path: Path, lines: int) -> bytes:
    with LogFollower(path) as follower:
        follower.seek_last(lines)
        return b"".join(follower.follow(lambda: True))


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8), st.booleans())
def test_the_last_lines_are_exact(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], open_end: bool) -> None:
    path = tmp_path_factory.mktemp("log") / "stdout.log"
    content = b"".join(line + b"\n" for line in lines)
    if open_end and content:
        content = content[:-1]
    path.write_bytes(content)
    for n in range(10):
        expected = b"".join(content.splitlines(keepends=True)[-n:]) if n else b""
        if b"\r" not in content:
            assert tail(path, n) == expected


def test_lines_longer_than_a_block_are_exact(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_bytes(b"first\n" + b"x" * 200_000 + b"\n" + b"y" * 65_536 + b"\nlast")
    assert tail(path, 1) == b"last"
    assert tail(path, 3) == path.read_bytes()[6:]
    assert tail(path, 99) == path.read_bytes()


def test_the_end_of_a_big_file_costs_little(tmp_path: Path) -> None:
    io = Path("/proc/self/io")
    if not io.exists():
        pytest.skip("this system does not count what a process reads")
    path = tmp_path / "stdout.log"
    with open(path, "wb") as file:
        file.truncate(100_000_000)
        file.seek(0, os.SEEK_END)
        file.write(b"".join(b"\nline %d" % n for n in range(11)))

    def bytes_read() -> int:
        return int(io.read_text().split()[1])

    before = bytes_read()
    assert tail(path, 10) == b"\n".join(b"line %d" % n for n in range(1, 11))
    assert bytes_read() - before < 200_000


def test_following_an_absent_then_growing_file(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    with LogFollower(path) as follower:
        follower.seek_last(5)
        assert follower.read() == b""
        path.write_bytes(b"one\ntw")
        assert follower.read() == b"one\ntw"
        with open(path, "ab") as file:
            file.write(b"o\n\xff")
        assert follower.read(2) == b"o\n"
        assert follower.read() == b"\xff"
        assert (follower.read(), follower.resets) == (b"", 0)


def test_a_cut_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_bytes(b"a long first content\n")
    with LogFollower(path) as follower:
        follower.read()
        path.write_bytes(b"short\n")
        assert follower.read() == b"short\n"
        assert follower.resets == 1


def test_a_rerun_shows_the_rest_of_the_old_log_then_the_new_one(tmp_path: Path) -> None:
    job = new_run(tmp_path, "alpha").paths.job("alpha")
    job.stdout.write_bytes(b"first attempt, ")
    with LogFollower(job.stdout) as follower:
        assert follower.read() == b"first attempt, "
        with open(job.stdout, "ab") as old:
            old.write(b"its end\n")
        archive_attempt(job, 1)
        job.stdout.write_bytes(b"second attempt\n")
        assert b"".join(follower.follow(lambda: True)) == b"its end\nsecond attempt\n"
        assert follower.resets == 1


def test_a_file_that_is_gone_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_bytes(b"one")
    with LogFollower(path) as follower:
        follower.seek_last(0)
        with open(path, "ab") as file:
            file.write(b"two")
        path.unlink()
        assert follower.read() == b"two"
        assert follower.read() == b""


def test_following_ends_only_after_everything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "stdout.log"
    path.write_bytes(b"one")
    answers = iter([False, True])

    def ended() -> bool:
        # What was written before the end was known must still come.
        if last := next(answers):
            with open(path, "ab") as file:
                file.write(b"two")
        return last

    with LogFollower(path) as follower:
        assert list(follower.follow(ended)) == [b"one", b"two"]


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_what_is_no_plain_file_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "stdout.log"
    if kind == "link":
        path.symlink_to(__file__)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert tail(path, 5) == b""
