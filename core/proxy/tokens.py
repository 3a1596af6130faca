"""What lets a container, and the engine, talk to the proxy of their run and to no other."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from pathlib import Path

KEY_FILE = "proxy.key"
CONTROL = "control"
_LENGTH = 40


def ensure_key(run_dir: Path) -> str:
    """The key of a run (64 hex digits), made when there is none. Raises OSError."""
    path = run_dir / KEY_FILE
    temp = run_dir / f".{KEY_FILE}.{os.urandom(4).hex()}.tmp"
    if not path.exists():
        fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(fd, "w", encoding="ascii") as file:
                file.write(os.urandom(32).hex() + "\n")
            # A link cannot replace the key that another process made in the meantime.
            with contextlib.suppress(FileExistsError):
                os.link(temp, path)
        finally:
            temp.unlink()
    return read_key(run_dir)


def read_key(run_dir: Path) -> str:
    """The key of a run. Raises OSError, and ValueError for what is no key."""
    key = (run_dir / KEY_FILE).read_text(encoding="ascii").strip()
    if len(bytes.fromhex(key)) != 32:
        raise ValueError(f"{run_dir / KEY_FILE} holds no key of 32 bytes; remove it and start the run again.")
    return key


def job_token(key: str, text: str, attempt: int = 0) -> str:
    """The token of one attempt at a job, or of `CONTROL`."""
    name = f"{text}/{attempt}" if attempt else text
    digest = hmac.new(bytes.fromhex(key), name.encode(), hashlib.sha256).hexdigest()
    return f"ed-{digest[:_LENGTH]}"
