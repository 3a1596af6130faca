"""Who besides this user could put something else in a directory's place."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MOST_LINKS = 40


@dataclass(frozen=True)
class Exposed:
    """`folder`, on the way to a directory or itself, lets another user replace it. `why` and `remedy` are clauses."""

    folder: Path
    why: str
    remedy: str


def is_trusted(uid: int) -> bool:
    """Whether files of this user may be obeyed: our own, and root's, who can do anything already."""
    return uid in (os.geteuid(), 0, *_also_root())


def exposed(path: Path) -> Exposed | None:
    """The first directory on the way to `path` by which others can replace it, None when they cannot.

    Links on the way are followed. What does not exist yet is safe: it is made by us, for us alone.
    """
    todo = list(reversed(path.absolute().parts[1:]))
    here, links = Path("/"), 0
    found = _exposed(here)
    while todo and found is None:
        part = todo.pop()
        if part == "..":
            here = here.parent
            continue
        step = here / part
        try:
            status = step.lstat()
            if stat.S_ISLNK(status.st_mode):
                if not _may_lead(status.st_uid):
                    return Exposed(step, f"is a link of {_name(status.st_uid)}", "")
                links += 1
                if links > _MOST_LINKS:
                    return None
                target = Path(os.readlink(step))
                here = Path("/") if target.is_absolute() else here
                todo += reversed(target.parts[1:] if target.is_absolute() else target.parts)
                continue
            found = _exposed(step, status)
        except OSError:
            return None
        here = step
    return found


def _exposed(folder: Path, status: os.stat_result | None = None) -> Exposed | None:
    status = status or folder.stat()
    mode = stat.S_IMODE(status.st_mode)
    if not stat.S_ISDIR(status.st_mode):
        return None
    if not _may_lead(status.st_uid):
        return Exposed(folder, f"belongs to {_name(status.st_uid)}", "")
    # In a sticky directory each name can be changed only by its owner, who is looked at next.
    if mode & stat.S_ISVTX or not (mode & stat.S_IWOTH or (mode & stat.S_IWGRP and _shared(folder, status))):
        return None
    who = "every user" if mode & stat.S_IWOTH else f"the group {_group(status.st_gid)}"
    bits = "o-w" if not mode & stat.S_IWGRP else "g-w" if not mode & stat.S_IWOTH else "go-w"
    mine = status.st_uid == os.geteuid() or not os.geteuid()
    remedy = f"chmod {bits} {folder} (or chmod +t {folder}, which keeps it shared)" if mine else ""
    return Exposed(folder, f"can be changed by {who}", remedy)


def _may_lead(uid: int) -> bool:
    """Whether a directory of this user may lead to ours. Who became root by sudo could do as much before."""
    return is_trusted(uid) or (not os.geteuid() and str(uid) == os.environ.get("SUDO_UID"))


def _shared(folder: Path, status: os.stat_result) -> bool:
    """Whether a group that may write has other members: many systems give each user a group of their own."""
    if _has_acl(folder):
        return True
    user, group = _user(status.st_uid), _group(status.st_gid)
    try:
        members = grp.getgrgid(status.st_gid).gr_mem
    except (KeyError, OSError):
        members = []
    return user != group or any(member != user for member in members)


def _has_acl(folder: Path) -> bool:
    # The group's bits are then those of everybody whom the list names.
    try:
        return bool(os.getxattr(folder, "system.posix_acl_access"))
    except (OSError, AttributeError):
        return False


@cache
def _also_root() -> tuple[int, ...]:
    """In a user namespace the machine's root is not 0: whoever has no number there is shown as the overflow user."""
    try:
        whole = Path("/proc/self/uid_map").read_text().split() == ["0", "0", "4294967295"]
        return () if whole else (int(Path("/proc/sys/kernel/overflowuid").read_text()),)
    except (OSError, ValueError):
        return ()


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OSError):
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except (KeyError, OSError):
        return str(gid)


def _name(uid: int) -> str:
    known = _user(uid)
    return f"user {known}" if known == str(uid) else known
