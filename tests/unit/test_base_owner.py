"""A directory that others can replace is found, wherever on the way the hole is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.base import owner
from evaldock.core.base.owner import exposed

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users, which only root can")
OTHER = 65533


def made(path: Path, mode: int, uid: int | None = None) -> Path:
    path.mkdir(parents=True)
    path.chmod(mode)
    if uid is not None:
        os.chown(path, uid, uid)
    return path


@pytest.mark.parametrize(
    ("mode", "why", "remedy"),
    [(0o777, "every user", "chmod go-w"), (0o757, "every user", "chmod o-w"), (0o1777, "", ""), (0o755, "", "")],
)
def test_what_everybody_may_write_is_exposed_but_for_sticky_directories(
    tmp_path: Path, mode: int, why: str, remedy: str
) -> None:
    team = made(tmp_path / "team", mode)
    for path in (team, team / "not yet" / "there"):
        found = exposed(path)
        assert (found is None) == (not why)
        if found is not None:
            assert found.folder == team
            assert why in found.why
            assert found.remedy.startswith(f"{remedy} {team} ")


def test_a_hole_further_up_is_one_too(tmp_path: Path) -> None:
    made(tmp_path / "team", 0o755)
    made(tmp_path / "team" / "mine", 0o700)
    assert exposed(tmp_path / "team" / "mine") is None
    (tmp_path / "team").chmod(0o777)
    found = exposed(tmp_path / "team" / "mine")
    assert found is not None and found.folder == tmp_path / "team"


def test_links_are_followed_also_relative_and_in_circles(tmp_path: Path) -> None:
    made(tmp_path / "team", 0o777)
    made(tmp_path / "mine", 0o700)
    for name, target in (("a", str(tmp_path / "team")), ("b", "mine/../team"), ("c", "b"), ("d", "mine"), ("e", "e")):
        (tmp_path / name).symlink_to(target)
    assert [exposed(tmp_path / name) is not None for name in "abcde"] == [True, True, True, False, False]


@needs_root
@pytest.mark.parametrize("mode", [0o700, 0o1777])
def test_a_directory_of_another_user_is_exposed_whatever_its_mode(tmp_path: Path, mode: int) -> None:
    theirs = made(tmp_path / "theirs", mode, OTHER)
    found = exposed(theirs / "mine")
    assert found is not None and found.folder == theirs
    assert "belongs to user 65533" in found.why


@needs_root
def test_a_link_of_another_user_is_exposed(tmp_path: Path) -> None:
    made(tmp_path / "tmp", 0o1777)
    made(tmp_path / "mine", 0o700)
    (tmp_path / "tmp" / "results").symlink_to(tmp_path / "mine")
    assert exposed(tmp_path / "tmp" / "results") is None
    os.lchown(tmp_path / "tmp" / "results", OTHER, OTHER)
    assert exposed(tmp_path / "tmp" / "results") is not None


@needs_root
def test_the_home_of_who_became_root_by_sudo_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = made(tmp_path / "home", 0o755, OTHER)
    monkeypatch.setenv("SUDO_UID", str(OTHER))
    assert exposed(home) is None
    monkeypatch.setenv("SUDO_UID", str(OTHER - 1))
    assert exposed(home) is not None


@pytest.mark.parametrize(
    ("user", "group", "members", "safe"),
    [
        ("ann", "ann", [], True),
        ("ann", "ann", ["ann"], True),
        ("ann", "ann", ["bob"], False),
        ("ann", "staff", [], False),
    ],
)
def test_a_group_may_write_when_it_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str, group: str, members: list[str], safe: bool
) -> None:
    monkeypatch.setattr(owner.grp, "getgrgid", lambda _: owner.grp.struct_group((group, "x", 1, members)))
    monkeypatch.setattr(owner, "_user", lambda _: user)
    assert (exposed(made(tmp_path / "d", 0o775)) is None) == safe
