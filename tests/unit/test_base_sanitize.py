"""Nothing but text and colours gets through the sanitiser."""

from __future__ import annotations

import re

import pytest
from evaldock.core.base.sanitize import Cleaner, clean, clean_line
from hypothesis import given
from hypothesis import strategies as st

_PIECES = [
    "text",
    " ",
    "\n",
    "\t",
    "\r",
    "\r\n",
    "é",
    "漢",
    "\x1b",
    "\x1b[",
    "[",
    "]",
    "\\",
    "31",
    ";",
    "?",
    ">",
    "m",
    "c",
    "(",
    "B",
    "\x1b]52;c;",
    "\x07",
    "\x9b",
    "\x9c",
    "\x9d",
    "\x90",
    "\x1bP",
    "\x00",
    "\x18",
    "\x7f",
    "\u202e",
    "\u2066",
    "\ud83d",
]
_texts = st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=30).map("".join)
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("plain é 漢\ttab\n", "plain é 漢\ttab\n"),
        ("\x1b]52;c;aGFja2Vk\x07after", "after"),
        ("\x1b]52;c;aGFja2Vk\x1b\\after", "after"),
        ("\x9d52;c;aGFja2Vk\x9cafter", "after"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\after", "after"),
        ("\x1b_apc\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\after", "after"),
        ("\x90dcs\x9cafter", "after"),
        ("\x1bcreset", "reset"),
        ("\x1b(Bset", "set"),
        ("\x1b[2J\x1b[1;1Hcleared\x1b[?1049h", "cleared"),
        ("\x9b31mC1\x9b0m", "C1"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x00b\x08c\x7fd\x85e", "abcde"),
        ("user\u202etxt.exe\u2066\u200f\u061c", "usertxt.exe"),
        ("dos\r\nline\r 10%\r 20%\r\r\n", "dos\nline\n 10%\n 20%\n"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("trailing \x1b", "trailing "),
        ("trailing \x1b[31", "trailing "),
        ("\x1b]stray opening\nnext line", "\nnext line"),
        ("\x1b]title\x1b[31mred", "red"),
        ("\x1b[\x1b[31mx", "x"),
    ],
)
def test_clean(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@pytest.mark.parametrize(
    ("dirty", "expected"),
    [
        ("\x1b[1;38;5;9mred\x1b[0m\x1b[m", "\x1b[1;38;5;9mred\x1b[0m\x1b[m"),
        ("\x1b[38:2::1:2:3mx", "\x1b[38:2::1:2:3mx"),
        ("\x1b[>4;2mkeyboard\x1b[?1m\x1b[1 m", "keyboard"),
        ("\x1b[2Jx\x9b31m", "x"),
    ],
)
def test_only_plain_colours_are_kept(dirty: str, expected: str) -> None:
    assert clean(dirty, keep_colour=True) == expected


@given(_texts, st.booleans())
def test_nothing_dangerous_passes(dirty: str, keep_colour: bool) -> None:
    result = clean(dirty, keep_colour=keep_colour)
    assert not _FORBIDDEN.search(_SGR.sub("", result) if keep_colour else result)


@given(_texts)
def test_cleaning_twice_is_cleaning_once(dirty: str) -> None:
    assert clean(clean(dirty, keep_colour=True), keep_colour=True) == clean(dirty, keep_colour=True)


@given(_texts, st.lists(st.integers(0, 80)), st.booleans(), st.none() | st.integers(1, 12))
def test_pieces_give_what_the_whole_gives(dirty: str, cuts: list[int], colour: bool, limit: int | None) -> None:
    whole = clean(dirty, keep_colour=colour, max_line=limit)
    cleaner = Cleaner(keep_colour=colour, max_line=limit)
    ends = [*sorted(cut for cut in cuts if cut < len(dirty)), len(dirty)]
    parts = [cleaner.feed(dirty[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
    assert "".join(parts) + cleaner.flush() == whole
    assert not any(_FORBIDDEN.search(_SGR.sub("", part)) for part in parts)


def test_bytes_split_within_a_character_or_an_escape() -> None:
    dirty = "é\x1b[31mred\x1b]52;c;x\x07 漢\x9b2J".encode() + b"\xff\x9b"
    cleaner = Cleaner(keep_colour=True)
    parts = [cleaner.feed_bytes(dirty[n : n + 1]) for n in range(len(dirty))]
    assert "".join(parts) + cleaner.flush() == "é\x1b[31mred 漢\ufffd\ufffd"


def test_a_payload_without_end_does_not_swallow_the_rest() -> None:
    assert clean("\x1b]" + "x" * 5000 + "seen").endswith("seen")


def test_long_lines_are_cut_and_colours_do_not_leak() -> None:
    text = "x" * 50 + "\n\x1b[31m" + "y" * 50 + "\nshort\n"
    assert clean(text, keep_colour=True, max_line=10) == ("x" * 10 + "…\x1b[0m\n" + "\x1b[31myyyyy…\x1b[0m\nshort\n")
    assert clean("x" * 50, max_line=None) == "x" * 50
    cleaner = Cleaner(max_line=10)
    assert cleaner.feed("x" * 8) + cleaner.feed("y" * 8) + cleaner.feed("z\nok") == "x" * 8 + "yy…\nok"


def test_one_line_stays_one_line() -> None:
    assert clean_line("task\n\x1b[31mname\r\twith  blanks") == "task name with blanks"
