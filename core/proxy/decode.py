"""Undoing the compression of answers, bounded."""

from __future__ import annotations

import zlib

from ..base.errors import EvaldockError

MAX_BODY = 64 * 1024 * 1024
_MAX_DECODED = 4 * MAX_BODY


class TooLarge(EvaldockError):
    """An answer that is larger than `MAX_BODY`."""


class Decoder:
    """Undoes gzip or deflate, bounded. Raises zlib.error, TooLarge."""

    def __init__(self, encoding: str) -> None:
        self._stream = zlib.decompressobj(wbits=47 if encoding == "gzip" else zlib.MAX_WBITS)
        self._raw_deflate = encoding == "deflate"
        self._left = _MAX_DECODED

    def feed(self, chunk: bytes) -> bytes:
        """What these bytes hold."""
        try:
            data = self._stream.decompress(chunk, self._left)
        except zlib.error:
            if not self._raw_deflate:
                raise
            # Some servers send bare deflate where the standard means zlib.
            self._stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            data = self._stream.decompress(chunk, self._left)
        self._raw_deflate = False
        self._left -= len(data)
        if self._left <= 0:
            raise TooLarge
        return data


def decoder_for(encoding: str) -> Decoder | None:
    """A decoder, None for an encoding that is passed on as it is."""
    name = encoding.strip().lower().removeprefix("x-")
    return Decoder(name) if name in ("gzip", "deflate") else None
