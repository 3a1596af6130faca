"""Making text from outside (logs, task names, error texts) safe to show on a terminal.

Without this a log line could write the clipboard (OSC 52), reset the terminal, or hide what it says.
"""

from __future__ import annotations

import codecs
import json
import logging
import re

_CUT = "…"
_RESET = "\x1b[0m"
_STRING_LIMIT = 4096

# C0 but tab and newline, DEL, C1, bidi controls, lone surrogates (which no terminal can be sent).
_C0 = "\x00-\x08\x0b-\x1f"
_ODD = f"{_C0}\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_SPECIAL = re.compile(f"[{_ODD}]")
_ODD_IN_JSON = re.compile(f"[{_ODD.removeprefix(_C0)}]")
_TOKEN = re.compile(
    # CSI: parameters, intermediates, a final character.
    r"(?P<csi>(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}(?P<csi_end>[@-~])?)"
    # OSC, DCS, SOS, PM, APC with their payload. A newline or a new escape ends it too, or else a stray
    # opening would swallow all that follows.
    rf"|(?P<string>(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])(?P<payload>[^\x07\x18\x1a\x1b\x9c\n]{{0,{_STRING_LIMIT}}})"
    r"(?P<string_end>[\x07\x18\x1a\x9c])?)"
    r"|(?P<cr>\r+\n?)"
    r"|(?P<escape>\x1b[ -/]{0,16}(?P<escape_end>[0-~])?)"
    rf"|[{_ODD}]"
)
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_HALF_SGR = re.compile(r"\x1b(?:\[[0-9;:]*)?\Z")


class Cleaner:
    """Cleans a stream piece by piece: the pieces' results joined are the result of the whole.

    Removed: all escape sequences but colours (those too unless `keep_colour`), control characters but newline
    and tab, bidi controls. A carriage return becomes a newline. Lines are cut after `max_line` characters
    (None: never).
    """

    def __init__(self, *, keep_colour: bool = False, max_line: int | None = 16384) -> None:
        self._keep_colour = keep_colour
        self._max_line = max_line
        self._held = ""
        self._column = 0
        self._cut = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, text: str) -> str:
        """The clean form of the next piece; an escape sequence that is not complete yet is held back."""
        return self._limit(self._strip(self._held + text, final=False))

    def feed_bytes(self, data: bytes) -> str:
        """As `feed`, for UTF-8 bytes; what is not UTF-8 becomes U+FFFD."""
        return self.feed(self._decoder.decode(data))

    def flush(self) -> str:
        """What remains at the end of the stream; the cleaner is then as new."""
        rest = self._held + self._decoder.decode(b"", final=True)
        out = self._limit(self._strip(rest, final=True))
        self._column, self._cut = 0, False
        return out

    def _strip(self, text: str, *, final: bool) -> str:
        self._held = ""
        if _SPECIAL.search(text) is None:
            return text
        out: list[str] = []
        at = 0
        for match in _TOKEN.finditer(text):
            out.append(text[at : match.start()])
            at = match.end()
            if not final and at == len(text) and _incomplete(match):
                self._held = "\r" if match["cr"] else match[0]
                break
            out.append(self._replacement(match))
        else:
            out.append(text[at:])
        return "".join(out)

    def _replacement(self, match: re.Match[str]) -> str:
        token = match[0]
        if match["cr"]:
            return "\n"
        if self._keep_colour and match["csi"] and _SGR.fullmatch(token):
            return token
        return "\ufffd" if "\ud800" <= token <= "\udfff" else ""

    def _limit(self, text: str) -> str:
        limit = self._max_line
        if limit is None or (not self._cut and self._column + len(text) <= limit and "\n" not in text):
            self._column += len(text)
            return text
        lines = text.split("\n")
        out: list[str] = []
        for number, line in enumerate(lines):
            if number:
                self._column, self._cut = 0, False
            out.append(self._limit_line(line, limit))
        return "\n".join(out)

    def _limit_line(self, line: str, limit: int) -> str:
        if self._cut:
            return ""
        room = limit - self._column
        self._column += len(line)
        if len(line) <= room:
            return line
        self._cut = True
        kept = _HALF_SGR.sub("", line[:room])
        return kept + _CUT + (_RESET if self._keep_colour else "")


def _incomplete(match: re.Match[str]) -> bool:
    if match["csi"]:
        return match["csi_end"] is None
    if match["string"]:
        return match["string_end"] is None and len(match["payload"]) < _STRING_LIMIT
    if match["cr"]:
        return not match["cr"].endswith("\n")
    return bool(match["escape"]) and match["escape_end"] is None


def clean(text: str, *, keep_colour: bool = False, max_line: int | None = 16384) -> str:
    """The safe form of a whole text; see `Cleaner`."""
    if (max_line is None or len(text) <= max_line) and _SPECIAL.search(text) is None:
        return text
    cleaner = Cleaner(keep_colour=keep_colour, max_line=max_line)
    return cleaner.feed(text) + cleaner.flush()


def clean_line(text: str) -> str:
    """The safe form of a text that must stay on one line: all white space becomes single blanks."""
    return " ".join(clean(text).split())


def json_text(value: object, *, indent: int | None = None, separators: tuple[str, str] | None = None) -> str:
    """`value` as JSON that a terminal may be shown: readable, but for what could steer it, which is escaped.

    What JSON has no form for is written as text.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, default=str)
    return _ODD_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class CleanFormatter(logging.Formatter):
    """Log records without what could steer the terminal that the log is shown on: they quote strangers."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, cleaned."""
        return clean(super().format(record), max_line=None)


def log_to_stderr() -> None:
    """Let this process say on standard error, with the time, what it does."""
    handler = logging.StreamHandler()
    handler.setFormatter(CleanFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
