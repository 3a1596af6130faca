"""Line `n` of the index is line `n` of the file, whatever bytes come and whenever they come."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from evaldock.core.logs import line_index
from evaldock.core.logs.line_index import BLOCK, LineIndex, Replaced
from hypothesis import given
from hypothesis import strategies as st


def index_of(path: Path, origin: int = 0) -> LineIndex:
    return LineIndex(os.open(path, os.O_RDONLY), origin)


def grown(path: Path, origin: int = 0) -> LineIndex:
    index = index_of(path, origin)
    while not index.grow(1 << 20):
        pass
    return index


def split(data: bytes) -> list[bytes]:
    """The reference."""
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def all_lines(index: LineIndex) -> list[bytes]:
    return [index.read(start, end) for start, end in index.spans(0, index.extent.lines)]


_piece = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"\n", b"\n\n", b"\r\n", b"\r", b"\xff\x00", b"\xc3\xa9\n"]),
    st.integers(1, 40).map(lambda n: b"x" * n),
)
_data = st.lists(_piece, max_size=30).map(b"".join)
_steps = st.lists(st.one_of(_data.map(lambda data: ("append", data)), st.integers(0, 400).map(lambda n: ("cut", n))))


@given(_steps)
def test_any_sequence_of_appends_and_cuts_reads_as_a_plain_split(steps: list[tuple[str, object]]) -> None:
    # Blocks of 16 bytes make borders fall everywhere.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_index, "BLOCK", 16)
        path = Path(os.environ.get("TMPDIR", "/tmp"), f"evaldock-index-{os.getpid()}")
        path.write_bytes(b"")
        try:
            follow(path, steps)
        finally:
            path.unlink()


def follow(path: Path, steps: list[tuple[str, object]]) -> None:
    index = index_of(path)
    content = b""
    for kind, value in steps:
        if kind == "append":
            assert isinstance(value, bytes)
            content += value
            with path.open("ab") as file:
                file.write(value)
        else:
            assert isinstance(value, int)
            content = content[:value]
            os.truncate(path, len(content))
        shrunk = len(content) < index.extent.end
        try:
            while not index.grow(1 << 20):
                pass
            assert not shrunk
        except Replaced:
            assert shrunk
            index = grown(path)
        check(index, content)


def check(index: LineIndex, content: bytes) -> None:
    expected = split(content)
    assert index.extent.lines == len(expected)
    assert all_lines(index) == expected
    assert [index.line(number) for number in range(len(expected))] == expected
    assert index.line(len(expected)) == b""
    starts = [start for start, _ in index.spans(0, len(expected))]
    for offset in range(len(content)):
        assert index.line_at(offset) == content.count(b"\n", 0, offset)
    for block in range(index.blocks + 1):
        at = block * line_index.BLOCK
        assert index.first_line(block) == sum(start < at for start in starts)
    for number, start in enumerate(starts):
        assert index.block_of(number) == start // line_index.BLOCK


def test_lines_across_blocks_and_blocks_of_newlines_only(tmp_path: Path) -> None:
    content = b"a" * (3 * BLOCK + 5) + b"\n" * (2 * BLOCK) + b"end\ntail"
    path = tmp_path / "log"
    path.write_bytes(content)
    index = grown(path)
    assert all_lines(index) == split(content)
    assert index.line(index.extent.lines - 1) == b"tail"
    assert index.extent.torn


def test_grow_goes_a_little_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"line\n" * 100_000)
    index = index_of(path)
    assert not index.grow(BLOCK)
    assert index.extent.end == BLOCK
    assert index.line(3) == b"line"


def test_the_tail_begins_with_a_whole_line_and_maps_onto_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(50_000)))
    tail = LineIndex.of_tail(os.open(path, os.O_RDONLY), path.stat().st_size)
    assert tail.grow(1 << 20) or tail.grow(1 << 20)
    whole = grown(path)
    first = whole.line_at(tail.origin)
    assert tail.line(0) == whole.line(first)
    assert first + tail.extent.lines == whole.extent.lines


def test_a_file_written_anew_and_already_longer_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"old line of the first attempt\n")
    index = grown(path)
    path.write_bytes(b"other line of another attempt\n" * 5)
    with pytest.raises(Replaced):
        index.grow(BLOCK)


def test_reading_what_was_cut_meanwhile_gives_less_and_raises_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"line\n" * 50_000)
    index = grown(path)
    os.truncate(path, 12)
    assert len(all_lines(index)) == 50_000
    assert index.line_at(200_000) >= 0
