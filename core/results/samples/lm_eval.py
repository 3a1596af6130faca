"""lm-evaluation-harness: `samples_<task>_<time>.jsonl`, one document and filter a line, with a field per metric."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...base.narrow import as_items, as_tree
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, as_score, digest, plain, shown

_NAME = re.compile(r"(?:.*/)?samples_(?:(?P<task>.+?)_\d{4}-\d\d-\d\dT[\d:.-]+|(?P<bare>[^/]+))\.jsonl")
_NO_FILTER = ("", "none")
# Questions on one text are not independent of each other.
_SHARED = ("passage_id", "passage", "context_id", "context", "article", "story", "paragraph")
_ANY_SHARED = frozenset(_SHARED)


@dataclass(frozen=True)
class LmEvalTable:
    """One such file."""

    artifacts: Artifacts
    file: str
    task: str
    cluster: str = ""

    def rows(self) -> Iterator[Row]:
        """A row a line; labels are `metric`, or `metric_filter`."""
        for offset, size, tree in objects(self.artifacts, self.file):
            doc = as_tree(tree.get("doc"))
            identity = shown(tree.get("doc_hash"))[:16] or (digest(doc) if doc else shown(tree.get("doc_id")))
            kind = shown(tree.get("filter"))
            values: dict[str, float] = {}
            for name in as_items(tree.get("metrics")):
                value = as_score(tree.get(shown(name)))
                if value is not None:
                    values[plain(shown(name) if kind in _NO_FILTER else f"{name}_{kind}")] = value
            if values:
                yield Row(identity, values, self._cluster(doc), offset, size)

    def _cluster(self, doc: Mapping[str, object]) -> str:
        if not self.cluster and _ANY_SHARED.isdisjoint(doc):
            return ""
        for key in (self.cluster,) if self.cluster else _SHARED:
            if doc.get(key):
                return digest(doc[key])
        return ""

    def texts(self, row: Row) -> Texts:
        """Of the first request of the document."""
        tree = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        asked = as_tree(as_tree(tree.get("arguments")).get("gen_args_0")).get("arg_0")
        answers = as_items(tree.get("resps"))
        first = as_items(answers[0])[:1] if answers else []
        return Texts(
            prompt=_asked(asked),
            answer=shown(first[0]) if first else "",
            extracted=shown((as_items(tree.get("filtered_resps")) or [tree.get("filtered_resps")])[0]),
            reference=shown(tree.get("target")),
        )


def lm_eval_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """The newest file of each task."""
    found: dict[str, Table] = {}
    for name in artifacts.names:
        match = _NAME.fullmatch(name)
        if match:
            task = plain(match["task"] or match["bare"])
            found.setdefault(task, LmEvalTable(artifacts, name, task, cluster))
    return list(found.values())


def _asked(value: object) -> str:
    """The last message of a prompt: chat prompts are lists of messages, written as JSON inside a list."""
    from .artifacts import parsed

    text = shown((as_items(value) or [value])[0])
    messages = parsed(text.encode("utf-8", "replace")) if text.startswith("[") else None
    last = as_tree((as_items(messages) or [None])[-1])
    return shown(last.get("content")) or text
