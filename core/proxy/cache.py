"""Answers of endpoints kept in an SQLite file, for any number of threads and processes at once.

Nothing here raises: a cache that fails in any way is a cache miss, told once in the log.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from ..base.clock import utc_iso
from ..base.lock import take_lock

log = logging.getLogger("evaldock.proxy")

# The number is that of the table layout: a newer evaldock with another layout uses another file.
FILE = "answers-1.sqlite"
_LOCK = "answers.lock"
_MOST_PENDING = 64 * 1024 * 1024
_READ_WAIT = 0.25
_WRITE_WAIT = 10.0
_CLOSE_WAIT = 15.0
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key BLOB NOT NULL, nth INTEGER NOT NULL, writer BLOB NOT NULL, at TEXT NOT NULL,
    headers TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (key, nth)
);
CREATE TABLE IF NOT EXISTS requests (key BLOB PRIMARY KEY, at TEXT NOT NULL, body BLOB NOT NULL);
"""
_READ = "SELECT nth, headers, body FROM answers WHERE key = ? AND nth > ? AND writer <> ? ORDER BY nth LIMIT 1"
_ADD = """INSERT INTO answers SELECT :key, coalesce(max(nth), -1) + 1, :writer, :at, :headers, :body
FROM answers WHERE key = :key"""
_ADD_FIRST = "INSERT OR IGNORE INTO answers VALUES (:key, 0, :writer, :at, :headers, :body)"
_ADD_REQUEST = "INSERT OR IGNORE INTO requests VALUES (:key, :at, :body)"


@dataclass(frozen=True, slots=True)
class Answer:
    """An endpoint's answer of status 200 as it came: headers with lower-case names, and the whole body."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Write:
    """A row to add; `answer` is there to be found before it is written, if others may share it."""

    key: bytes
    sql: str
    values: Mapping[str, object]
    size: int
    answer: Answer | None = None


def answer_key(
    method: str,
    path: str,
    query: str,
    upstream: str,
    body: object,
    headers: Mapping[str, str] | None = None,
    *,
    repeat: int = 0,
) -> bytes:
    """What a request is known by: 32 bytes. `body` is parsed JSON (whose key order does not matter), or bytes;
    `headers` are those that may change the answer.

    Of the endpoint only scheme, host, port and path count; a key in its query may change. From the second `repeat` of
    a task on it is another request.
    """
    url = urlsplit(upstream)
    endpoint = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
    if isinstance(body, bytes):
        kind, data = "bytes", body
    else:
        kind, data = "json", json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")
    more: list[object] = [repeat] if repeat > 1 else []
    more += [sorted(headers.items())] if headers else []
    head = json.dumps([method, path, query, endpoint, kind, *more]).encode("ascii")
    return hashlib.sha256(head + b"\n" + data).digest()


class AnswerStore:
    """The answers in one directory. Reads happen on the caller's thread, writes on one of the store's own.

    Make it with `open_store` and give it back with `release`.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE
        self.users = 0
        self._lock = _LockFile(directory / _LOCK)
        self._local = threading.local()
        self._wake = threading.Condition()
        self._queue: deque[_Write] = deque()
        self._shared: dict[bytes, Answer] = {}
        self._pending = 0
        self._busy = False
        self._closing = False
        self._generation = 0
        self._read_only = False
        self._off = False
        self._said: set[str] = set()
        self._thread: threading.Thread | None = None

    def get(self, key: bytes, *, after: int = -1, not_by: bytes = b"") -> tuple[int, Answer] | None:
        """The first answer under `key` numbered higher than `after` and not kept by `not_by`, with its number."""
        if not not_by:
            with self._wake:
                waiting = self._shared.get(key)
            if waiting is not None:
                return 0, waiting
        for _ in range(2):
            try:
                row = self._read(key, after, not_by)
                return None if row is None else (row[0], Answer(json.loads(row[1]), bytes(row[2])))
            except (sqlite3.Error, OSError, ValueError) as error:
                if not self._recover(error, writing=False):
                    return None
        return None

    def put(self, key: bytes, answer: Answer, *, writer: bytes, shared: bool) -> None:
        """Keep an answer soon. `shared`: it is the only one under its key; else one more, kept by `writer`."""
        headers = json.dumps(answer.headers)
        values: dict[str, object] = {
            "key": key,
            "writer": writer,
            "at": utc_iso(),
            "headers": headers,
            "body": answer.body,
        }
        sql = _ADD_FIRST if shared else _ADD
        self._enqueue(_Write(key, sql, values, len(answer.body), answer if shared else None))

    def put_request(self, key: bytes, body: bytes) -> None:
        """Keep the body of a request soon."""
        self._enqueue(_Write(key, _ADD_REQUEST, {"key": key, "at": utc_iso(), "body": body}, len(body)))

    def flush(self, timeout: float = _CLOSE_WAIT) -> bool:
        """Wait until all is written; False when it took more than `timeout` seconds."""
        with self._wake:
            return self._wake.wait_for(lambda: not self._queue and not self._busy, timeout)

    def release(self) -> None:
        """One user less; the last one waits until all is written, and closes the file."""
        with _open_lock:
            self.users -= 1
            if self.users > 0:
                return
            _open.pop(self.path.parent, None)
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(_CLOSE_WAIT)
        self._disconnect()

    def _read(self, key: bytes, after: int, not_by: bytes) -> tuple[int, str, bytes] | None:
        if self._off:
            return None
        return self._connection(_READ_WAIT).execute(_READ, (key, after, not_by)).fetchone()

    def _enqueue(self, write: _Write) -> None:
        with self._wake:
            if self._off or self._read_only or self._closing:
                return
            if self._pending and self._pending + write.size > _MOST_PENDING:
                self._say("slow", "The disk of the cache %s is too slow; some answers are not kept.")
                return
            self._queue.append(write)
            self._pending += write.size
            if write.answer is not None:
                self._shared.setdefault(write.key, write.answer)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="cache", daemon=True)
                self._thread.start()
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._queue or self._closing)
                batch = list(self._queue)
                self._queue.clear()
                self._busy = bool(batch)
                if not batch:
                    break
            self._write(batch)
            with self._wake:
                self._busy = False
                self._pending -= sum(write.size for write in batch)
                for write in batch:
                    self._written(write)
                self._wake.notify_all()
        self._disconnect()

    def _written(self, write: _Write) -> None:
        if write.answer is not None and self._shared.get(write.key) is write.answer:
            del self._shared[write.key]

    def _write(self, batch: list[_Write]) -> None:
        for _ in range(3):
            if self._off or self._read_only:
                return
            try:
                self._commit(batch)
                return
            except (sqlite3.Error, OSError) as error:
                if not self._recover(error, writing=True):
                    return
        self._say("busy", "The cache %s is kept busy by others; some answers are not kept.")

    def _commit(self, batch: list[_Write]) -> None:
        connection = self._connection(_WRITE_WAIT)
        connection.execute("BEGIN IMMEDIATE")
        try:
            for write in batch:
                connection.execute(write.sql, write.values)
            connection.execute("COMMIT")
        except BaseException:
            # After some errors (disk full) SQLite has rolled back already.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    def _connection(self, wait: float) -> sqlite3.Connection:
        """This thread's own connection, as new when the file was set aside meanwhile."""
        generation = self._generation
        known: tuple[int, sqlite3.Connection] | None = getattr(self._local, "known", None)
        if known is not None and known[0] == generation:
            return known[1]
        self._disconnect()
        with self._lock.held():
            connection = self._connect(wait)
        self._local.known = (generation, connection)
        return connection

    def _connect(self, wait: float) -> sqlite3.Connection:
        with contextlib.suppress(PermissionError):
            # Made here and not by SQLite, so that it is private whatever the umask.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(self.path, timeout=wait, isolation_level=None, check_same_thread=False)
        try:
            # Of this thread's connection: another thread may be on a newer file already.
            self._local.inode = self.path.stat().st_ino
            connection.execute("PRAGMA journal_mode = WAL")
            # A power cut may cost the last answers, never the file.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'requests'").fetchone():
                connection.executescript(_TABLES)
        except BaseException:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        known: tuple[int, sqlite3.Connection] | None = getattr(self._local, "known", None)
        if known is not None:
            self._local.known = None
            with contextlib.suppress(sqlite3.Error):
                known[1].close()

    def _recover(self, error: Exception, *, writing: bool) -> bool:
        """Whether to try again after `error`."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            return writing
        # A file of somebody else's, without our tables, is as good as corrupt.
        if (
            code in _CORRUPT
            or (code == sqlite3.SQLITE_ERROR and "no such" in str(error))
            or isinstance(error, ValueError)
        ):
            return self._set_aside(error)
        full = code == sqlite3.SQLITE_FULL or getattr(error, "errno", 0) == errno.ENOSPC
        if writing:
            self._read_only = True
            why = "the disk is full" if full else str(error)
            self._say("write", f"Nothing more is kept in the cache %s: {_percent(why)}.")
        else:
            self._off = True
            self._say("read", f"The cache %s is not used: {_percent(str(error))}.")
        return False

    def _set_aside(self, error: Exception) -> bool:
        """Make way for a new file, unless another thread or process did so already."""
        self._disconnect()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        try:
            with self._lock.held():
                if self.path.exists() and self.path.stat().st_ino == getattr(self._local, "inode", None):
                    for end in ("", "-wal", "-shm"):
                        with contextlib.suppress(FileNotFoundError):
                            os.rename(f"{self.path}{end}", f"{self.path}.corrupt-{stamp}{end}")
                    log.warning(
                        "The cache %s is damaged (%s). It was renamed to %s, and a new one begun.",
                        *(self.path, error, f"{self.path.name}.corrupt-{stamp}"),
                    )
        except OSError as problem:
            self._off = True
            self._say("read", f"The cache %s is damaged and cannot be renamed ({_percent(str(problem))}): not used.")
            return False
        self._generation += 1
        return True

    def _say(self, kind: str, message: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            log.warning(message, self.path)


class _LockFile:
    """Held while a file is made or set aside, so that no two processes do that at once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextlib.contextmanager
    def held(self) -> Generator[None]:
        fd: int | None = None
        # Some network file systems know no locks, and a directory may be read-only.
        with contextlib.suppress(OSError):
            fd = take_lock(self._path, patience=_READ_WAIT, wait_for_holder=True)
        try:
            yield
        finally:
            if fd is not None:
                os.close(fd)


_open: dict[Path, AnswerStore] = {}
_open_lock = threading.Lock()


def open_store(directory: Path) -> AnswerStore:
    """The store in `directory` (made when it is missing, private), one for all users in this process."""
    with _open_lock:
        store = _open.get(directory)
        if store is None:
            try:
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                log.warning("The directory of the cache %s cannot be made (%s).", directory, error.strerror)
            store = _open[directory] = AnswerStore(directory)
        store.users += 1
        return store


def _percent(text: str) -> str:
    return text.replace("%", "%%")
