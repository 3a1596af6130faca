"""JSON lines that a user's catalog declares: which file, and which field holds what."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...base.narrow import as_tree
from ...catalog.measure import SamplesFile
from .artifacts import Artifacts, objects
from .model import Row, Table, Texts, as_score, digest, plain, shown


@dataclass(frozen=True)
class DeclaredTable:
    """One such file. Fields inside others are named with dots."""

    artifacts: Artifacts
    file: str
    fields: SamplesFile
    cluster: str = ""
    task: str = ""

    def rows(self) -> Iterator[Row]:
        """A row a line that has a value."""
        for offset, size, tree in objects(self.artifacts, self.file):
            value = as_score(inside(tree, self.fields.value))
            if value is None:
                continue
            named = inside(tree, self.fields.id or self.fields.prompt)
            identity = shown(named) if self.fields.id else digest(shown(named))
            cluster = inside(tree, self.cluster) if self.cluster else None
            values = {plain(self.fields.value): value, "": value}
            yield Row(identity, values, "" if cluster is None else digest(shown(cluster)), offset, size)

    def texts(self, row: Row) -> Texts:
        """As declared."""
        tree = as_tree(self.artifacts.json(self.file, row.offset, row.size))
        fields = self.fields
        names = (fields.prompt, fields.answer, fields.extracted, fields.reference)
        prompt, answer, extracted, reference = (shown(inside(tree, name)) for name in names)
        return Texts(prompt, answer, extracted, reference)


def declared_tables(artifacts: Artifacts, fields: SamplesFile, cluster: str) -> Sequence[Table]:
    """Every file that the declared name fits; several files are repeats of each other."""
    return [
        DeclaredTable(artifacts, name, fields, cluster)
        for name in reversed(artifacts.names)
        if fnmatch.fnmatchcase(name, fields.file)
    ]


def inside(tree: Mapping[str, object], path: str) -> object:
    """The value at a dotted path; None when there is none."""
    if path in tree:
        return tree[path]
    value: object = tree
    for part in path.split(".") if path else ():
        value = as_tree(value).get(part)
    return value if path else None
