"""A lock that the kernel drops with its holder: who takes it, who only looks, who waits."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from evaldock.core.base.lock import EngineLock, is_held, take_lock


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    fd = take_lock(path)
    assert fd is not None and is_held(path)
    assert take_lock(path) is None
    assert take_lock(path, patience=0.01, wait_for_holder=True) is None
    os.close(fd)
    assert not is_held(path)
    again = take_lock(path)
    assert again is not None
    os.close(again)


def test_a_holder_that_ends_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    fd = take_lock(path)
    assert fd is not None
    found: list[int | None] = []
    waiter = threading.Thread(target=lambda: found.append(take_lock(path, patience=60, wait_for_holder=True)))
    waiter.start()
    os.close(fd)
    waiter.join(60)
    assert found[0] is not None
    os.close(found[0])


def test_a_link_or_a_missing_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "link", tmp_path / "no" / "x.lock"):
        with pytest.raises(OSError):
            take_lock(path)
    assert not (tmp_path / "elsewhere").exists()


def test_the_lock_of_an_engine_names_its_holder(tmp_path: Path) -> None:
    with EngineLock(tmp_path / "engine.lock") as lock:
        assert lock.acquire() and lock.acquire()
        assert (tmp_path / "engine.pid").read_text() == f"{os.getpid()}\n"
        assert not EngineLock(tmp_path / "engine.lock").acquire()
    assert not (tmp_path / "engine.pid").exists()
