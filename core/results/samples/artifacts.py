"""The files that a container left, read piece by piece. It is not trusted: sizes are bounded, links never followed."""

from __future__ import annotations

import contextlib
import json
import os
from codecs import BOM_UTF8
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO

from ...base.atomic import open_regular
from ...base.narrow import Json, as_tree
from ...base.trees import files_below
from ...base.units import size
from .model import SampleTooLarge

MOST_LISTED = 50_000
MOST_BYTES = 1 << 30  # of one file
MOST_ROWS = 1_000_000
MOST_LINE = 32 << 20
_BLOCK = 1 << 20
# What a harness fills with thousands of files that are no samples.
_NOT_SAMPLES = frozenset({"cache", ".cache", "response_stats_cache", "run_times"})


class Artifacts:
    """One job's artifacts. Raises nothing but TooLarge."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._names: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The paths of all files, relative, with `/`; the last by name first: times in names sort by age."""
        if self._names is None:
            self._names = tuple(sorted(self._listed(), reverse=True))
        return self._names

    def _listed(self) -> Iterator[str]:
        for entry in files_below(self._root, skip=_NOT_SAMPLES, most=MOST_LISTED):
            yield os.path.relpath(entry.path, self._root).replace(os.sep, "/")

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Each line of a file with its offset; lines without end are cut off, too long ones left out."""
        yield from self.segments(name, b"\n")

    def segments(self, name: str, end: bytes) -> Iterator[tuple[int, bytes]]:
        """The pieces of a file between one `end` and the next, with their offsets."""
        descriptor = open_regular(self._root / name)
        if descriptor is None:
            return
        try:
            yield from _bounded(descriptor, end)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def opened(self, name: str) -> Generator[BinaryIO | None]:
        """The file, to read; None when it cannot be."""
        descriptor = open_regular(self._root / name)
        if descriptor is None:
            yield None
            return
        with open(descriptor, "rb") as file:
            yield file

    def read(self, name: str, offset: int = 0, size: int = MOST_LINE) -> bytes:
        """At most `size` bytes of a file from `offset` on; b"" when it cannot be read."""
        descriptor = open_regular(self._root / name)
        if descriptor is None:
            return b""
        try:
            return _whole(descriptor, offset, min(size, MOST_BYTES))
        except OSError:
            return b""
        finally:
            os.close(descriptor)

    def json(self, name: str, offset: int = 0, size: int = 4 * MOST_LINE) -> object:
        """The value in a file, or in a part of it; None when there is none."""
        return parsed(self.read(name, offset, size))


def parsed(content: bytes) -> object:
    """The value in JSON text; None when it is none."""
    try:
        # Bytes would be looked at for other encodings, each line again.
        return json.loads(content.removeprefix(BOM_UTF8).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None


def objects(artifacts: Artifacts, name: str) -> Iterator[tuple[int, int, Json]]:
    """Offset, size and content of each line that is a JSON object. Raises TooLarge."""
    for offset, line in artifacts.lines(name):
        tree = as_tree(parsed(line))
        if tree:
            yield offset, len(line), tree


def _bounded(descriptor: int, end: bytes) -> Iterator[tuple[int, bytes]]:
    start = at = number = held = 0
    pieces: list[bytes] = []
    held = 0
    while True:
        try:
            block = os.pread(descriptor, _BLOCK, at)
        except OSError:
            return
        if not block:
            break
        at += len(block)
        if at > MOST_BYTES:
            raise SampleTooLarge(f"has more than {size(MOST_BYTES)}")
        held += len(block)
        # The end may lie across two blocks; what holds none is not looked through again with the next.
        last = pieces[-1][1 - len(end) :] if pieces and len(end) > 1 else b""
        if end not in last + block:
            pieces.append(block)
        else:
            *whole, rest = b"".join([*pieces, block]).split(end)
            for piece in whole:
                number += 1
                if number > MOST_ROWS:
                    raise SampleTooLarge(f"has more than {MOST_ROWS:,} samples")
                yield start, piece
                start += len(piece) + len(end)
            held, pieces = len(rest), [rest] if rest else []
        if held > MOST_LINE:
            raise SampleTooLarge(f"has a sample of more than {size(MOST_LINE)}")
    if pieces:
        yield start, b"".join(pieces)


def _whole(descriptor: int, offset: int, size: int) -> bytes:
    chunks: list[bytes] = []
    while size > 0 and (chunk := os.pread(descriptor, min(size, _BLOCK), offset)):
        chunks.append(chunk)
        offset, size = offset + len(chunk), size - len(chunk)
    return b"".join(chunks)
