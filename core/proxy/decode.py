"""Undoing the compression of answers, in bounded pieces."""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from ..base.errors import EvaldockError

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a body, of a request or an answer, once its compression is undone."""
_PIECE = 1 << 18
_WINDOW = 1 << 13
_MEMBERS = 64  # between two pieces, so that empty members by the thousand hold nobody up
_MOST_ENCODINGS = 4


class TooLarge(EvaldockError):
    """An answer that is larger than `MAX_BODY`."""


class Damaged(EvaldockError):
    """A compressed body that cannot be undone, or that ends too early."""


class UnknownEncoding(EvaldockError):
    """A Content-Encoding that nobody asked for and that cannot be undone; the message is its name."""


class _Stage(Protocol):
    """One encoding. `feed` gives pieces of bounded size; `whole` tells whether an end may come now."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...
    @property
    def whole(self) -> bool: ...


class Decoder:
    """Undoes the encodings of a body in the reverse of their order."""

    def __init__(self, encodings: str) -> None:
        """`encodings` is the Content-Encoding. Raises UnknownEncoding."""
        names = [name.strip().lower().removeprefix("x-") for name in encodings.split(",")]
        found = [name for name in reversed(names) if name not in ("", "identity")]
        if len(found) > _MOST_ENCODINGS:
            raise UnknownEncoding(encodings[:40])
        self._stages = [_stage(name) for name in found]
        self._left = MAX_BODY
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """What these bytes hold, in pieces; take all of them before the next call. Raises Damaged, TooLarge."""
        self._begun = self._begun or bool(chunk)
        for piece in self._through(0, chunk):
            self._left -= len(piece)
            if self._left < 0:
                raise TooLarge
            yield piece

    def end(self) -> None:
        """The body has ended. Raises Damaged when something is missing."""
        if self._begun and not all(stage.whole for stage in self._stages):
            raise Damaged

    def _through(self, place: int, data: bytes) -> Iterator[bytes]:
        if place == len(self._stages):
            yield data
            return
        # What a stage leaves over is copied each time, so it never gets much at once.
        for start in range(0, len(data), _WINDOW):
            for piece in self._stages[place].feed(data[start : start + _WINDOW]):
                yield from self._through(place + 1, piece)


def decoder_for(encoding: str | None) -> Decoder | None:
    """A decoder; None where there is nothing to undo. Raises UnknownEncoding."""
    return Decoder(encoding) if encoding and encoding.strip().lower() != "identity" else None


def _stage(name: str) -> _Stage:
    match name:
        case "gzip":
            return _Gzip()
        case "deflate":
            return _Deflate()
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            raise UnknownEncoding(name[:40])


class _Gzip:
    """Any number of members one after the other, and zeros behind them."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)
        self._begun = False
        self._members = 0

    @property
    def whole(self) -> bool:
        return not self._begun

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self._members and not self._begun:
                data = data.lstrip(b"\0")
                if not data:
                    return
            self._begun = True
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error as error:
                raise Damaged from error
            data = self._stream.unconsumed_tail
            if self._stream.eof:
                data = self._stream.unused_data
                self._stream, self._begun = zlib.decompressobj(wbits=31), False
                self._members += 1
            if piece or self._members % _MEMBERS == 0:
                yield piece


class _Deflate:
    """Deflate, as the standard means it (zlib) or bare, as some servers send it."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._sure = False
        self._begun = b""

    @property
    def whole(self) -> bool:
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        if not self._sure:
            self._begun += data
            if len(self._begun) < 2:
                return
            data, self._sure = self._begun, True
            zlib_head = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj() if zlib_head else zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        while data and not self._stream.eof:
            try:
                piece = self._stream.decompress(data, _PIECE)
            except zlib.error as error:
                raise Damaged from error
            data = self._stream.unconsumed_tail
            yield piece


class _Brotli:
    def __init__(self) -> None:
        # It comes without types.
        brotli: Any = importlib.import_module("brotli")
        self._error: type[Exception] = brotli.error
        self._stream: Any = brotli.Decompressor()

    @property
    def whole(self) -> bool:
        return self._stream.is_finished()

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            yield self._stream.process(data, output_buffer_limit=_PIECE)
            while not self._stream.can_accept_more_data():
                yield self._stream.process(b"", output_buffer_limit=_PIECE)
        except self._error as error:
            raise Damaged from error


class _Zstd:
    """Zstandard: any number of frames."""

    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        self._make = zstd.ZstdDecompressor
        self._error: type[Exception] = zstd.ZstdError
        self._stream = self._make()
        self._begun = False

    @property
    def whole(self) -> bool:
        return not self._begun

    def feed(self, data: bytes) -> Iterator[bytes]:
        count = 0
        try:
            while data or (self._begun and not self._stream.needs_input):
                self._begun = True
                piece = self._stream.decompress(data, _PIECE)
                data = b""
                if self._stream.eof:
                    data, self._stream, self._begun = self._stream.unused_data, self._make(), False
                count += 1
                if piece or count % _MEMBERS == 0:
                    yield piece
        except self._error as error:
            raise Damaged from error
