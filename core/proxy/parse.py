"""An HTTP/1.1 answer, parsed as its bytes come in (RFC 9112)."""

from __future__ import annotations

import re

from ..base.errors import EvaldockError

MAX_HEAD = 256 * 1024
_MAX_LINE = 8192
_STATUS_LINE = re.compile(rb"HTTP/(1\.[01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_NO_BODY = frozenset((204, 304))


class BadAnswer(EvaldockError):
    """Bytes that are no HTTP answer; the message is the end of a sentence."""


class AnswerParser:
    """Feeds on bytes; `status` is 0 until the head is there, `headers` have lower-case names.

    `complete`: the answer has come to its end. `reusable`: another request may follow on the same connection.
    `bodyless` answers (to HEAD, to CONNECT) end with their head.
    """

    __slots__ = ("_bodyless", "_chunk", "_left", "_rest", "complete", "headers", "reusable", "status")

    def __init__(self, *, bodyless: bool = False) -> None:
        self._bodyless = bodyless
        self._rest = b""
        self._left: int | None = None  # of a body of known length, or of the chunk that is being read
        self._chunk = ""  # what comes next of a chunked body: "size", "data", "end" of a chunk, "trailer"
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self.reusable = False

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body in these bytes. Raises BadAnswer."""
        if not self.status:
            data = self._head(self._rest + data if self._rest else data)
            if not self.status:
                return []
        if self.complete:
            if data:
                # Somebody speaks without having been asked.
                self.reusable = False
            return []
        if self._chunk:
            return self._chunks(data)
        if self._left is None:
            return [data] if data else []
        piece = data[: self._left]
        self._left -= len(piece)
        if not self._left:
            self._end(len(data) > len(piece))
        return [piece] if piece else []

    def eof(self) -> bool:
        """The connection was closed: whether the answer is complete with that."""
        if self.status and not self.complete and not self._chunk and self._left is None:
            self.complete = True
        self.reusable = False
        return self.complete

    def _head(self, data: bytes) -> bytes:
        """Take the head off `data`, if all of it is there; what follows it."""
        while True:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                if len(data) > MAX_HEAD:
                    raise BadAnswer("headers of more than 256 KB")
                self._rest = data
                return b""
            status, headers, version = _read_head(data[:end])
            data = data[end + 4 :]
            # 100, 103 and the like announce the answer that follows them.
            if status >= 200:
                break
        self._rest = b""
        self.status, self.headers = status, headers
        self._expect(version)
        return data

    def _expect(self, version: bytes) -> None:
        headers = self.headers
        connection = headers.get("connection", "").lower()
        self.reusable = "close" not in connection and (version == b"1.1" or "keep-alive" in connection)
        length = headers.get("content-length")
        if self._bodyless or self.status in _NO_BODY:
            self.complete = True
        elif "chunked" in headers.get("transfer-encoding", "").lower():
            self._chunk = "size"
        elif length is not None:
            self._left = _length(length)
            self.complete = not self._left
        else:
            self.reusable = False

    def _end(self, surplus: bool) -> None:
        self.complete = True
        if surplus:
            self.reusable = False

    def _chunks(self, data: bytes) -> list[bytes]:
        if self._rest:
            data, self._rest = self._rest + data, b""
        pieces: list[bytes] = []
        at, size = 0, len(data)
        while at < size and not self.complete:
            if self._chunk == "data":
                piece = data[at : at + (self._left or 0)]
                pieces.append(piece)
                at += len(piece)
                self._left = (self._left or 0) - len(piece)
                if not self._left:
                    self._chunk = "end"
                continue
            end = data.find(b"\r\n", at)
            if end < 0:
                if size - at > _MAX_LINE:
                    raise BadAnswer("a chunk without end")
                self._rest = data[at:]
                return pieces
            self._line(data[at:end])
            at = end + 2
        if self.complete:
            self._end(at < size)
        return pieces

    def _line(self, line: bytes) -> None:
        if self._chunk == "size":
            self._left = _chunk_size(line)
            self._chunk = "data" if self._left else "trailer"
        elif self._chunk == "end":
            if line:
                raise BadAnswer("chunks of a wrong size")
            self._chunk = "size"
        elif not line:
            self.complete = True


def _read_head(head: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and HTTP version."""
    first, *lines = head.decode("latin-1").split("\r\n")
    match = _STATUS_LINE.fullmatch(first.encode("latin-1"))
    if match is None:
        raise BadAnswer(f"'{''.join(c for c in first[:40] if c.isprintable())}'")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name[0] in " \t":
            raise BadAnswer("headers that are none")
        name = name.lower()
        value = value.strip(" \t")
        # Cookies cannot be joined, and nobody here wants them.
        headers[name] = f"{headers[name]}, {value}" if name in headers and name != "set-cookie" else value
    return int(match[2]), headers, match[1]


def _length(text: str) -> int:
    # Twice the same length is a known fault of some servers, and harmless.
    found = {part.strip() for part in text.split(",")}
    only = found.pop()
    if found or not only.isascii() or not only.isdigit() or len(only) > 15:
        raise BadAnswer("a Content-Length that is none")
    return int(only)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    try:
        if not digits or len(digits) > 15 or digits[:1] in b"+-":
            raise ValueError
        return int(digits, 16)
    except ValueError:
        raise BadAnswer("chunks without a size") from None
