"""simple-evals: the page `<task>/<task>.html` is the only place where it writes single samples.

The harness escapes everything that it fills into the page, so its own tags, between which texts stand, are never part
of a text. The page is read sample by sample: it may hold a hundred megabytes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .artifacts import Artifacts, parsed
from .model import Row, Table, Texts, as_score, digest, plain

_NAME = re.compile(r"(?:.*/)?(?P<task>[^/]+)/(?P=task)\.html")
_START = b"<h3>Prompt conversation</h3>"
_ANSWERED = b"<h3>Sampled message</h3>"
_RESULTS = b"<h3>Results</h3>"
_PRE = re.compile(rb"<pre>(.*?)</pre>", re.DOTALL)
_FIELD = re.compile(rb"<p>(Correct Answer|Extracted Answer|Score): (.*?)</p>", re.DOTALL)
_TOKENS = re.compile(rb"<li>Completion Tokens: (\d{1,12})</li>")
# One figure under several names: the mean score of all samples.
LABELS = ("score", "score_micro", "micro", "pass_1", "pass_1_micro", "accuracy")


@dataclass(frozen=True)
class SimpleEvalsTable:
    """One such page. It names no sample, so the conversation does; the order is that in which answers came."""

    artifacts: Artifacts
    file: str
    task: str

    def rows(self) -> Iterator[Row]:
        """A row a sample."""
        for offset, piece in self.artifacts.segments(self.file, _START):
            before, found, after = piece.partition(_RESULTS)
            if offset == 0 or not found:
                continue
            fields = dict(_pairs(after))
            score = _score(fields.get(b"Score", b""))
            if score is not None:
                prompt = before.partition(_ANSWERED)[0]
                identity = digest("\n".join(_texts(prompt)))
                yield Row(identity, dict.fromkeys(LABELS, score), "", offset, len(piece))

    def texts(self, row: Row) -> Texts:
        """Of the last message of the conversation."""
        piece = self.artifacts.read(self.file, row.offset, row.size)
        conversation, _, rest = piece.partition(_ANSWERED)
        answer, _, results = rest.partition(_RESULTS)
        fields = {name: _text(value) for name, value in _pairs(results)}
        asked, told = _texts(conversation), _texts(answer)
        tokens = _TOKENS.search(results)
        return Texts(
            prompt=asked[-1] if asked else "",
            answer=told[0] if told else "",
            extracted=fields.get(b"Extracted Answer", ""),
            reference=fields.get(b"Correct Answer", ""),
            tokens=int(tokens[1]) if tokens else None,
        )


def simple_evals_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """All such pages."""
    return [
        SimpleEvalsTable(artifacts, name, plain(match["task"]))
        for name in artifacts.names
        if (match := _NAME.fullmatch(name))
    ]


def _pairs(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    for match in _FIELD.finditer(content):
        yield match[1], match[2]


def _texts(content: bytes) -> list[str]:
    """What stands in the boxes of a conversation."""
    return [_text(match[1]) for match in _PRE.finditer(content)]


def _text(value: bytes) -> str:
    return html.unescape(value.decode("utf-8", "replace"))


def _score(value: bytes) -> float | None:
    text = value.strip().lower()
    return {b"true": 1.0, b"false": 0.0}.get(text, as_score(parsed(text)) if len(text) < 40 else None)
