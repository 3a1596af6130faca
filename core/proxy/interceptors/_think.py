"""Telling what a model thought from what it answered, when both come as one text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """How a model marks its reasoning. `start` is None when it does not say where it begins."""

    start: str | None = "<think>"
    end: str = "</think>"


@dataclass(frozen=True, slots=True)
class Split:
    """`reasoning` is "" when none was found; `finished` tells whether an answer may follow it."""

    content: str
    reasoning: str
    started: bool
    finished: bool


def split_reasoning(text: str, tokens: Tokens, *, keep_unfinished: bool = True, truncated: bool = False) -> Split:
    """Split at the last end token, so that nested and repeated reasoning goes as a whole.

    Without an end token the text stays as it is. With `keep_unfinished` off it becomes reasoning instead, if it is
    any: a start token, a text that was `truncated` (cut by the token limit), or no start token to look for.
    """
    before, found, after = text.rpartition(tokens.end)
    if not found:
        return _without_end(text, tokens, keep_unfinished, truncated)
    content = after.strip("\n")
    reopened = tokens.start is not None and tokens.start in content
    if reopened and not keep_unfinished:
        content = content.partition(tokens.start or "")[0].strip("\n")
    return Split(content, _bare(before, tokens), started=True, finished=not reopened)


def _without_end(text: str, tokens: Tokens, keep: bool, truncated: bool) -> Split:
    started = tokens.start is not None and tokens.start in text
    if keep or not (started or truncated or tokens.start is None):
        return Split(text, "", started=started, finished=False)
    return Split("", _bare(text, tokens), started=True, finished=False)


def _bare(text: str, tokens: Tokens) -> str:
    text = text.strip()
    return text.removeprefix(tokens.start).strip() if tokens.start else text
