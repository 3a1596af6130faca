"""What is counted and found in a log is what a plain search of each line finds."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from evaldock.core.logs.hits import HitIndex, hits_in, marks_between
from evaldock.core.logs.line_index import BLOCK, LineIndex
from evaldock.core.logs.query import BadPattern, Count, Query
from evaldock.core.logs.scan import LogScan
from evaldock.core.logs.search import BlockCounter, order
from evaldock.core.logs.text import LONGEST, TAIL, fold, line_bytes, plain, plain_block
from hypothesis import example, given
from hypothesis import strategies as st


def index_of(path: Path) -> LineIndex:
    index = LineIndex(os.open(path, os.O_RDONLY))
    while not index.grow(1 << 24):
        pass
    return index


def lines_of(data: bytes) -> list[str]:
    """The reference: every line as it is shown."""
    return [plain(fold(line)) for line in data.split(b"\n")]


_PIECES = (
    *(b"ab", b"AB", b"x", b" ", b"m", b"[3", b"\xff", b"\n", b"\n", b"\r", b"\r\n"),
    *(b"\x1b[31m", b"\x1b[0m", b"\x1b[K", b"\x1b]0;t\x07", b"\x1b", "é".encode(), "É".encode()),
)
_PATTERNS = (
    *(("ab", False), ("AB", False), ("a", False), ("é", False), ("x a", False)),
    *(("ab|x", True), ("a.*x", True), ("a+b?", True), ("^x|b$", True), ("[ab]{2}", True), ("x*", True)),
    *(("(a|x)b", True), (r"\S+ x", True), ("b|", True), ("a{0}b", True)),
)
_bytes = st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join)
_patterns = st.sampled_from(_PATTERNS)


@given(_bytes)
def test_a_block_is_cleaned_as_its_lines_are(data: bytes) -> None:
    cleaned = plain_block(data).decode("utf-8", "replace").split("\n")
    assert cleaned == lines_of(data)


@example(b"\x1b\x1b[31mab", ("ab", False))
@given(_bytes, _patterns)
def test_counts_are_those_of_a_line_by_line_search(data: bytes, pattern: tuple[str, bool]) -> None:
    query = Query(*pattern)
    flags = re.IGNORECASE if query.pattern.islower() or query.pattern == r"\S+ x" else re.NOFLAG
    reference = re.compile(query.pattern if query.regex else re.escape(query.pattern), flags)
    found = [sum(m.end() > m.start() for m in reference.finditer(line)) for line in lines_of(data)]
    block = plain_block(data)
    assert query.count(block) == Count(sum(n > 0 for n in found), sum(found))
    assert query.lines_in(block) == [number for number, n in enumerate(found) if n]


def test_case_matters_only_with_a_capital_in_the_pattern() -> None:
    assert Query("error").spans("ERROR and error") == [(0, 5), (10, 15)]
    assert Query("Error").spans("ERROR and Error") == [(10, 15)]
    assert Query(r"\Werror", regex=True).spans("an ERROR") == [(2, 8)]
    assert Query("é").count("É é e".encode()) == Count(1, 2)


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2,1}", "*", "(?P<n>a)(?P<n>b)", "a{99999999999999999999}"])
def test_a_pattern_that_is_none_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(BadPattern, match="not a regular expression"):
        Query(pattern, regex=True)
    assert Query(pattern).spans(f"x{pattern}y") == [(1, 1 + len(pattern))]


@pytest.mark.parametrize("pattern", ["", "a\nb"])
def test_nothing_and_several_lines_cannot_be_looked_for(pattern: str) -> None:
    with pytest.raises(BadPattern):
        Query(pattern)


def test_of_a_long_line_the_newest_rewriting_counts_or_else_the_beginning(tmp_path: Path) -> None:
    bar = b"".join(b"\r%7d%%" % n for n in range(LONGEST // 8))
    text = b"start " + b"y" * (LONGEST + TAIL) + b" finish"
    path = tmp_path / "log"
    path.write_bytes(bar + b"\n" + text + b"\n")
    index = index_of(path)
    first, second = index.spans(0, 2)
    assert line_bytes(index, *first) == b"%7d%%" % (LONGEST // 8 - 1)
    assert line_bytes(index, *second) == text[:LONGEST]
    assert line_bytes(index, *second, longest=100) == text[:100]


def content(blocks: float) -> bytes:
    line = b"sample %d retry \x1b[31mtimed out\x1b[0m\n"
    made = bytearray()
    number = 0
    while len(made) < blocks * BLOCK:
        made += line % number if number % 7 == 0 else b"nothing of interest in number %d\n" % number
        number += 1
    return bytes(made)


LOGS = {
    "empty": b"",
    "unfinished": b"retry",
    "usual": content(2.5),
    "across_a_border": b"x" * (BLOCK - 3) + b"retry\n" + b"retry\n" * BLOCK,
    "newline_behind_a_border": b"a" * BLOCK + b"\n" + b"retry",
    "newline_before_a_border": b"a" * (BLOCK - 1) + b"\nretry\n",
    "long_lines": b"retry " * BLOCK + b"\n" + content(1) + b"b" * 3 * BLOCK + b"retry\nretry",
    "newlines": b"\n" * 3 * BLOCK + b"retry",
}


@pytest.mark.parametrize("data", LOGS.values(), ids=LOGS.keys())
def test_every_line_is_counted_in_the_block_that_it_begins_in(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(data)
    index = index_of(path)
    query = Query("retry")
    expected: dict[int, list[int]] = {}
    marks: dict[int, int] = {}
    for number, (start, end) in enumerate(index.spans(0, index.extent.lines)):
        if found := query.spans(plain(line_bytes(index, start, end))):
            expected.setdefault(start // BLOCK, []).append(number)
            marks[start // BLOCK] = marks.get(start // BLOCK, 0) + len(found)
    counter = BlockCounter(index.fd, query)
    for block in range(index.blocks):
        lines = expected.get(block, [])
        assert hits_in(index, query, block) == lines
        first = index.first_line(block)
        for line in lines[:40:13]:
            before = sum(len(query.spans(index.line(n).decode())) for n in lines if n < line)
            assert marks_between(index, query, first, line) == before
        assert counter.count(block, len(data)) == Count(len(expected.get(block, [])), marks.get(block, 0))


def test_counting_begins_where_the_reader_is() -> None:
    assert list(order(6, 4, 0)) == [4, 5, 3, 2, 1, 0]
    assert list(order(6, 9, 2)) == [5, 4, 3, 2]
    assert list(order(3, 2, 2)) == [2]


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3))))
def test_sums_follow_what_is_put_in_any_order(puts: list[tuple[int, int]]) -> None:
    hits, reference = HitIndex(), dict[int, int]()
    for block, lines in puts:
        hits.put(block, Count(lines, 2 * lines))
        reference[block] = lines
    assert hits.total == Count(sum(reference.values()), 2 * sum(reference.values()))
    for block in range(10):
        assert hits.before(block).lines == sum(n for at, n in reference.items() if at < block)
        assert (hits.known(block) is None) == (block not in reference)
    blocks = [block for block in sorted(reference) for _ in range(reference[block])]
    assert [hits.block_of(hit) for hit in range(len(blocks))] == blocks


@contextlib.contextmanager
def scan(path: Path, query: Query, first: int = 0) -> Iterator[tuple[LogScan, threading.Condition]]:
    heard = threading.Condition()

    def changed() -> None:
        with heard:
            heard.notify_all()

    fd = os.open(path, os.O_RDONLY)
    try:
        found = LogScan(fd, query, changed, first=first)
    finally:
        # The scan goes on with a descriptor of its own.
        os.close(fd)
    try:
        yield found, heard
    finally:
        found.stop()


def test_a_process_counts_and_keeps_up_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log"
    data = content(40.3)
    path.write_bytes(data)
    with scan(path, Query("timed out"), first=20) as (found, heard), heard:
        assert not found.searching
        found.grow(len(data))
        assert found.searching
        assert heard.wait_for(lambda: not found.searching, 30)
        assert found.hits.total == Count(data.count(b"timed out"), data.count(b"timed out"))
        assert found.hits.next_block(0, 1) == 0
        assert found.covers(len(data) - 1)
        more = data + b"the end timed out, and timed out\n"
        path.write_bytes(more)
        assert not found.covers(len(data) + 1)
        found.grow(len(more))
        assert not found.searching
        grown = Count(data.count(b"timed out") + 1, more.count(b"timed out"))
        assert heard.wait_for(lambda: found.hits.total == grown, 30)
        assert found.problem == ""


def test_a_search_can_be_wished_for_before_its_process_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"retry\n" * 3)
    with scan(path, Query("retry")) as (found, heard), heard:
        found.grow(6)
        found.grow(18)
        assert heard.wait_for(lambda: found.hits.total == Count(3, 3), 30)


def test_an_expression_without_end_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"a" * 60 + b"\n")
    with scan(path, Query("(a+)+$|b", regex=True)) as (found, heard), heard:
        found.grow(61)
        assert heard.wait_for(lambda: not found.searching, 30)
        assert found.problem == ""
    with scan(path, Query("(a+)+b", regex=True)) as (found, heard), heard:
        found.grow(61)
        assert heard.wait_for(lambda: not found.searching, 30)
        assert "too long" in found.problem
        assert not found.covers(0)


def test_a_search_that_is_stopped_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(content(1))
    with scan(path, Query("retry")) as (found, _):
        found.stop()
        found.grow(100)
        assert found.problem == ""
        assert found.hits.total == Count(0, 0)


def test_several_processors_count_a_large_file_together(tmp_path: Path) -> None:
    path = tmp_path / "log"
    data = content(16) * 40
    path.write_bytes(data)
    with scan(path, Query("timed out"), first=100) as (found, heard), heard:
        found.grow(len(data))
        assert heard.wait_for(lambda: not found.searching, 60)
        assert found.hits.total.marks == data.count(b"timed out")
        assert all(found.hits.known(block) is not None for block in range(-(-len(data) // BLOCK)))


@pytest.mark.parametrize("block", [300, 301])
def test_an_expression_without_end_is_given_up_whoever_meets_it(block: int, tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.truncate(600 * BLOCK)
        file.seek(block * BLOCK + 10)
        file.write(b"\n" + b"a" * 60 + b"\n")
    with scan(path, Query("(a+)+b", regex=True)) as (found, heard), heard:
        found.grow(600 * BLOCK)
        assert heard.wait_for(lambda: not found.searching, 60)
        assert "too long" in found.problem
