"""How lines of a log are drawn: quiet, loud, coloured, with bars; and nothing of them but text and colours."""

from __future__ import annotations

import re

import pytest
from evaldock.core.logs.text import plain
from evaldock.tui.glyphs import ASCII, UNICODE
from evaldock.tui.log.colour import contrast
from evaldock.tui.log.log_bar import bar_cells
from evaldock.tui.log.log_line import LONGEST, LogLine, log_line
from evaldock.tui.log.log_words import parts
from evaldock.tui.theme import ROLES, THEMES, palette
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

DARK = palette(THEMES["evaldock-dark"])


def drawn(line: bytes | str, *, room: int = 120, skip: int = 0) -> LogLine:
    data = line.encode() if isinstance(line, str) else line
    return log_line(data, DARK, UNICODE, room=room, skip=skip)


def roles(line: str) -> list[tuple[str, str]]:
    """(text, role) of the parts of a line; neighbours of one role are one part."""
    found: list[tuple[str, str]] = []
    at = 0
    for end, role, _ in parts(line):
        if found and found[-1][1] == role:
            found[-1] = (found[-1][0] + line[at:end], role)
        elif end > at:
            found.append((line[at:end], role))
        at = end
    return found


# role, text, role, text, ... of each part of a line
HEADERS = (
    ("dim", "03:57:56 INFO  worker-5  ", "text", "sample 114  ok"),
    ("dim", "03:58:02 ", "bad", "ERROR", "dim", " ", "bright", "judge timed out"),
    ("dim", "           Traceback (most recent call last):"),
    ("text", "httpx.ReadTimeout: timed out"),
    ("dim", "2026-11-23 03:57:56,123 - judge - ", "warn", "WARNING", "dim", " - ", "text", "slow"),
    ("dim", "INFO:root:", "text", "ready"),
    ("dim", "INFO:     127.0.0.1:51234 - ", "text", '"GET /v1/models"'),
    ("dim", "INFO 11-23 03:57:56 [core.py:58] ", "text", "ready"),
    ("dim", "2026-11-23:03:57:56,123 INFO     [evaluator.py:164] ", "text", "ready"),
    ("dim", "2026-11-23 03:57:56.123 | ", "bad", "CRITICAL", "dim", " | judge:ask:12 - ", "bright", "gone"),
    ("dim", "2026-11-23T03:57:56.123Z ", "bad", "[error]", "dim", " ", "bright", "no answer"),
    ("dim", "[Nov 23 03:57:56] [7] ", "warn", "WARN", "dim", ": ", "text", "slow"),
    ("dim", "[I 2026-11-23T03:57:56.123] ", "text", "Request started status_code=200"),
    ("dim", "[", "warn", "W", "dim", " 2026-11-23T03:57:56.123] ", "text", "Maximum reached"),
    ("dim", "[", "bad", "E", "dim", " 2026-11-23 03:57:56,123] ", "bright", "no answer"),
    ("text", "[W 12] is no level"),
    ("bad", "ERROR", "dim", ": ", "bright", "ValueError: bad"),
    ("text", "The word ERROR in a sentence"),
    ("text", "INFORMATION desk"),
    ("text", "[1/3] building"),
    ("text", "- a list"),
    (),
)


@pytest.mark.parametrize("expected", HEADERS, ids=lambda expected: "".join(expected[1::2]))
def test_only_what_went_wrong_is_loud(expected: tuple[str, ...]) -> None:
    line = "".join(expected[1::2])
    assert roles(line) == list(zip(expected[1::2], expected[::2], strict=True))


def test_a_level_that_has_a_colour_is_bold() -> None:
    assert [part.bold for part in parts("WARN x")][:1] == [True]
    assert not any(part.bold for part in parts("INFO x"))


BAR = "gpqa:  61%|" + "█" * 6 + "▏   | 121/198 [12:41<08:02,  6.27s/it]"


def test_a_printed_bar_is_drawn_as_ours_and_copied_as_it_was() -> None:
    line = drawn(BAR)
    assert "|" + "━" * 36 + "╸" + "─" * 23 + "| 121/198" in line.drawn
    assert line.plain == BAR
    assert line.to_plain(line.to_drawn(BAR.index("121"))) == BAR.index("121")
    assert BAR[line.to_plain(line.drawn.index("━"))] == "█"


@pytest.mark.parametrize("room", [20, 50, 60, 80, 200])
def test_a_bar_takes_the_room_that_there_is(room: int) -> None:
    bar = re.search("[━╸─]+", drawn(BAR, room=room).drawn)
    assert bar is not None
    assert len(bar[0]) == min(60, max(10, room - (len(BAR) - 10)))


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("50%|#####     | 1/2", 0.5),
        ("  0%|          | 0/198 [00:00<?, ?it/s]", 0.0),
        ("99%|#########9| 1.5k/1.5k", 1.0),
        ("model: 45%|████5     | 1.89G/4.2G [00:10", 0.45),
        ("7%|7         |", 0.07),
    ],
)
def test_how_far_a_bar_is(line: str, share: float) -> None:
    text = drawn(line).drawn
    full, half = text.count("━"), text.count("╸")
    assert (2 * full + half) / 120 == pytest.approx(share, abs=0.01)


def test_a_bar_in_ascii_and_text_that_is_no_bar() -> None:
    assert bar_cells(0.5, 10, ASCII) == ("=====", "-----")
    assert drawn("100%|of them|").drawn == "100%|of them|"


def test_tabs_go_to_columns_of_eight_and_are_copied_as_tabs() -> None:
    line = drawn("a\tbc\té\t漢\tx")
    assert line.drawn == "a       bc      é       漢      x"
    assert line.plain == "a\tbc\té\t漢\tx"
    for place in range(len(line.plain)):
        assert line.to_plain(line.to_drawn(place)) == place


def test_a_long_line_ends_with_an_ellipsis_and_can_be_drawn_from_further_on() -> None:
    text = "".join(chr(97 + n % 26) for n in range(9000))
    line = drawn(text)
    assert line.cells == LONGEST
    assert line.drawn == text[: LONGEST - 1] + "…"
    later = drawn(text, skip=6000)
    assert later.drawn == "…" + text[6000:]
    assert later.to_plain(later.to_drawn(7000)) == 7000
    assert drawn("漢" * 5000).cells <= LONGEST


def test_colours_of_a_log_become_colours_of_the_theme() -> None:
    line = drawn("\x1b[31mred\x1b[0m plain \x1b[1;32mgreen\x1b[39m bold\x1b[22;38;2;1;2;3m dark")
    styles = dict(line.runs)
    assert line.plain == "red plain green bold dark"
    assert styles["red"].color == DARK.style("bad").color
    assert styles["green"].color == DARK.style("ok").color and styles["green"].bold
    assert styles[" bold"].color == DARK.style("text").color and styles[" bold"].bold
    dark = styles[" dark"].color
    assert dark is not None and contrast(dark.name, DARK.colour("bg")) >= 4.5


def test_without_hues_a_log_has_none() -> None:
    mono = palette(THEMES["evaldock-mono"])
    line = log_line(b"\x1b[31ma\x1b[38;5;201mb\x1b[48;2;200;10;10mc\x1b[7md", mono, UNICODE, room=80)
    for _, style in line.runs:
        for colour in (style.color, style.bgcolor):
            assert colour is not None and len(set(colour.get_truecolor())) == 1


_CODES = st.lists(st.integers(0, 110), max_size=6).map(lambda codes: f"\x1b[{';'.join(map(str, codes))}m".encode())


@given(st.lists(st.one_of(_CODES, st.sampled_from([b"text", b" ", b"\t", "é漢".encode()])), max_size=20))
def test_whatever_a_log_colours_can_be_read(parts_: list[bytes]) -> None:
    for name in ("evaldock-dark", "evaldock-light", "evaldock-mono"):
        colours = palette(THEMES[name])
        line = log_line(b"".join(parts_), colours, UNICODE, room=80)
        assert line.plain == plain(b"".join(parts_))
        for text, style in line.runs:
            assert style.color is not None and style.bgcolor is not None
            readable = contrast(style.color.name, style.bgcolor.name)
            assert readable >= 3 or not text.strip(), (text, style)


ESCAPES = st.sampled_from(
    [
        *(
            b"\x1b]52;c;aGk=\x07",
            b"\x1b[2J",
            b"\x1bc",
            b"\x9b31m",
            b"\x1b[31m",
            b"\x1b]8;;http://x\x1b\\",
            b"\x1b",
            b"\x1b[",
        ),
        *(b"\x1bP1$r\x1b\\", b"\x1b[?1049h", "\x9d52;c;aGk=\x9c".encode(), "\u202e".encode(), b"\x1b[5m", b"\x1b[8m"),
        b"\t",
    ]
)


@given(st.lists(st.one_of(st.binary(max_size=40), ESCAPES), max_size=8), st.integers(0, 20))
def test_a_log_reaches_the_terminal_as_text_and_colour_only(parts_: list[bytes], skip: int) -> None:
    line = drawn(b"".join(parts_).replace(b"\n", b""), skip=skip)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", line.drawn)
    for _, style in line.runs:
        assert not (style.link or style.conceal or style.blink or style.blink2)
        assert set(style.meta) == set()
    assert line.cells == cell_len(line.drawn)
    for place in range(len(line.plain)):
        assert 0 <= line.to_plain(line.to_drawn(place)) <= len(line.plain)


def test_the_palette_has_all_roles_of_a_line() -> None:
    assert {role for _, role, _ in parts("03:58:02 ERROR x")} <= set(ROLES)
