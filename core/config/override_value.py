"""The value of an `-o` as Hydra's override grammar reads it: `3`, `text`, `'a, b'`, `[a,b]`, `{a:1}`, `int(3)`.

What Hydra understands means here what it means there, or is refused. What Hydra cannot read is read where it can only
be meant as text: `<think>`, `a=b`, letters with accents, keys in quotes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace

from ..base.errors import EvaldockError
from ..base.plain_yaml import LONGEST_NUMBER
from .model import Origin
from .node import MAX_DEPTH, Node, Scalar, printable

_UNSIGNED = r"(?:0|[1-9](?:_?[0-9])*)"
_POINT = rf"(?:{_UNSIGNED}\.|{_UNSIGNED}?\.[0-9](?:_?[0-9])*)"
_EXPONENT = rf"(?:{_UNSIGNED}|{_POINT})[eE][+-]?[0-9](?:_?[0-9])*"
_INT = re.compile(rf"[+-]?{_UNSIGNED}")
_FLOAT = re.compile(rf"[+-]?(?:{_POINT}|{_EXPONENT}|inf|nan)", re.IGNORECASE)
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_QUOTED = re.compile(r"""(?s)"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")
_ESCAPED = "\\()[]{}:=, \t"
_SPACE = " \t\r\n"
_SWEEPS = ("choice", "range", "interval", "glob", "tag", "sort", "shuffle")


class Unreadable(EvaldockError):
    """The text is no value; the message goes on after 'the value'."""


def parse_value(text: str, origin: Origin) -> Node:
    """The tree that `text` stands for, every node from `origin`. Raises Unreadable."""
    reader = _Reader(text, origin)
    reader.skip_space()
    node = reader.element(0)
    if reader.here == ",":
        raise Unreadable("is several, separated by commas; a list is written [a,b]")
    if reader.here:
        raise Unreadable(f"continues with '{printable(reader.rest, 20)}' where it should end")
    return node


class _Reader:
    """Reads one text from left to right."""

    def __init__(self, text: str, origin: Origin) -> None:
        self._text, self._origin, self._at = text, origin, 0

    @property
    def here(self) -> str:
        """The next character, "" at the end."""
        return self._text[self._at : self._at + 1]

    @property
    def rest(self) -> str:
        """All that has not been read."""
        return self._text[self._at :]

    def skip_space(self) -> None:
        """Go to what is no space."""
        while self.here and self.here in _SPACE:
            self._at += 1

    def element(self, depth: int) -> Node:
        """A text, a number, a list, a mapping or a function, and the space after it."""
        if depth >= MAX_DEPTH:
            raise Unreadable(f"is nested more than {MAX_DEPTH} levels deep")
        read = {"[": self._list, "{": self._mapping}.get(self.here)
        node = read(depth + 1) if read else self._primitive(depth)
        self.skip_space()
        return node

    def _list(self, depth: int) -> Node:
        items: list[Node] = []
        self._items("]", lambda: items.append(self.element(depth)))
        return Node(items, self._origin)

    def _mapping(self, depth: int) -> Node:
        pairs: dict[str, Node] = {}

        def pair() -> None:
            key = self._key()
            if key in pairs:
                raise Unreadable(f"gives the key '{printable(key)}' twice")
            pairs[key] = replace(self.element(depth), key=self._origin)

        self._items("}", pair)
        return Node(pairs, self._origin)

    def _items(self, end: str, read: Callable[[], None]) -> None:
        """`read` for everything between the bracket here and `end`."""
        self._at += 1
        self.skip_space()
        while self.here != end:
            if not self.here:
                raise Unreadable(f"has no '{end}' at its end")
            read()
            if self.here == end:
                break
            if self.here != ",":
                raise Unreadable(f"has no '{end}' where it should" if self.here else f"has no '{end}' at its end")
            self._at += 1
            self.skip_space()
            if self.here == end:
                raise Unreadable(f"has nothing between ',' and '{end}'")
        self._at += 1

    def _key(self) -> str:
        quoted = self.here in ("'", '"')
        node = Node(self._quoted(), self._origin) if quoted else self._plain(":")
        self.skip_space()
        if self.here != ":":
            raise Unreadable(f"has no ':' after '{printable(str(node.value), 20)}'; a mapping is written {{a:1,b:2}}")
        if not isinstance(node.value, str) or not node.value:
            raise Unreadable(f"has the key {node.raw}, which is not text")
        self._at += 1
        self.skip_space()
        return node.value

    def _primitive(self, depth: int) -> Node:
        if self.here in ("'", '"'):
            return Node(self._quoted(), self._origin)
        node = self._plain("")
        if self.here == "(":
            name = node.raw or ""
            if not _NAME.fullmatch(name):
                raise Unreadable("has a '(' in it")
            return self._function(name, depth + 1)
        return node

    def _quoted(self) -> str:
        found = _QUOTED.match(self._text, self._at)
        if found is None:
            raise Unreadable(f"begins with {self.here} and does not end with it")
        self._at = found.end()
        # Only backslashes before a quote are escapes, the one at the end included.
        before_quote = re.compile(rf"(\\+)({found[0][0]}|\Z)")
        return before_quote.sub(_halved, found[0][1:-1])

    def _plain(self, stop: str) -> Node:
        """Text without quotes up to a delimiter, or `stop`; a number or a word of YAML's where it is one whole."""
        said, escaped = "", False
        # Space at the end is none of it, unless it was escaped or belongs to a colon.
        firm = 0
        while (char := self.here) and char not in ",[]{}()'\"" and char != (stop or None):
            after = self._text[self._at + 1 : self._at + 2]
            if char == "\\" and after and after in _ESCAPED:
                said, escaped, self._at = said + after, True, self._at + 2
                firm = len(said)
                continue
            if char == "$" and after == "{":
                said += self._interpolation()
            else:
                said, self._at = said + char, self._at + 1
            if char == ":":
                while self.here and self.here in _SPACE:
                    said, self._at = said + self.here, self._at + 1
            if char not in _SPACE:
                firm = len(said)
        said = said[:firm]
        if not said:
            if self.here == "(":
                raise Unreadable("has a '(' in it")
            raise Unreadable(f"has nothing before '{self.here}'" if self.here else "ends where something should be")
        if escaped:
            return Node(said, self._origin)
        return Node(_scalar(said), self._origin, raw=said)

    def _interpolation(self) -> str:
        depth, at = 0, self._at
        while at < len(self._text):
            depth += self._text.startswith("${", at)
            if self._text[at] == "}":
                depth -= 1
                if not depth:
                    found, self._at = self._text[self._at : at + 1], at + 1
                    return found
            at += 1
        raise Unreadable("has a '${' without its '}'")

    def _function(self, name: str, depth: int) -> Node:
        cast = _CASTS.get(name)
        if cast is None:
            why = "makes several values" if name in _SWEEPS else "is not a function"
            raise Unreadable(f"calls {name}(...), which {why}; there is {', '.join(_CASTS)}")
        given: list[Node] = []
        self._items(")", lambda: given.append(self.element(depth)))
        if len(given) != 1:
            raise Unreadable(f"calls {name}(...) with {len(given)} values; it takes one")
        try:
            return _cast(given[0], cast)
        except (ValueError, TypeError, OverflowError):
            raise Unreadable(f"cannot be made by {name}(...)") from None


def _halved(found: re.Match[str]) -> str:
    """Backslashes, and the quote after them when there is one, without every other backslash."""
    return found[1][1::2] + ("" if len(found[1]) % 2 == 0 else found[2])


def _scalar(text: str) -> Scalar:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if not (whole := _INT.fullmatch(text)) and not _FLOAT.fullmatch(text):
        return text
    if len(text) > LONGEST_NUMBER:
        raise Unreadable(f"'{printable(text)}' is not a number that evaldock can hold")
    return _held(int(text) if whole else float(text), text)


def _held(number: int | float, text: str) -> int | float:
    if number.bit_length() > 63 if isinstance(number, int) else not math.isfinite(number):
        raise Unreadable(f"'{printable(text)}' is not a number that evaldock can hold")
    return number


def _cast(node: Node, cast: Callable[[str | int | float | bool], Scalar]) -> Node:
    if isinstance(node.value, dict):
        return replace(
            node, value={key: replace(_cast(below, cast), key=below.key) for key, below in node.value.items()}
        )
    if isinstance(node.value, list):
        return replace(node, value=[_cast(below, cast) for below in node.value])
    if node.value is None:
        raise TypeError
    found = cast(node.value)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        found = _held(found, str(node.value))
    return replace(node, value=found, raw=None)


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bool(value: str | int | float | bool) -> bool:
    if isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise ValueError
        return value.lower() == "true"
    return bool(value)


_CASTS: dict[str, Callable[[str | int | float | bool], Scalar]] = {
    "int": int,
    "float": float,
    "str": _text,
    "bool": _bool,
}
