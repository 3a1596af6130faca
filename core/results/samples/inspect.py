"""Inspect's logs: JSON with `samples`, or `.eval`, a zip archive with one `samples/<id>_epoch_<n>.json` each."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...base.narrow import Json, as_items, as_tree, as_whole
from .artifacts import MOST_LINE, MOST_ROWS, Artifacts, parsed
from .model import Row, SampleTooLarge, Table, Texts, as_score, plain, shown

_NAME = re.compile(r"(?:.*/)?[^/]*\.eval|(?:.*/)?\d{4}-\d\d-\d\dT[^/]*\.json")
_MEMBER = re.compile(r"samples/.+\.json")
_LETTERS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}
_MOST_BYTES = 1 << 30  # unpacked, of one log
_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, ValueError, NotImplementedError, EOFError, KeyError)


@dataclass(frozen=True)
class InspectTable:
    """One log. `offset` of a row is the sample's place in it."""

    artifacts: Artifacts
    file: str
    task: str = ""

    def rows(self) -> Iterator[Row]:
        """A row a sample and epoch; labels are `<scorer>_<metric>`, and the metric alone where there is one scorer."""
        for place, tree in self._samples():
            scores = as_tree(tree.get("scores"))
            values: dict[str, float] = {}
            for name, entry in scores.items():
                written = as_tree(entry).get("value")
                value = _LETTERS.get(written) if isinstance(written, str) else as_score(written)
                if value is not None:
                    values.update(dict.fromkeys((plain(f"{name}_accuracy"), plain(f"{name}_mean")), value))
                    if len(scores) == 1:
                        values.update(accuracy=value, mean=value)
            if values:
                yield Row(shown(tree.get("id")), values, "", place, 1)

    def texts(self, row: Row) -> Texts:
        """Of one sample."""
        tree = as_tree(next((tree for place, tree in self._samples() if place == row.offset), None))
        asked = tree.get("input")
        output = as_tree(tree.get("output"))
        choice = as_tree(next(iter(as_items(output.get("choices"))), None))
        first = as_tree(next(iter(as_tree(tree.get("scores")).values()), None))
        return Texts(
            prompt=asked if isinstance(asked, str) else shown(as_tree((as_items(asked) or [None])[-1]).get("content")),
            answer=shown(output.get("completion") or as_tree(choice.get("message")).get("content")),
            extracted=shown(first.get("answer")),
            reference=shown(tree.get("target")),
            tokens=as_whole(as_tree(output.get("usage")).get("output_tokens")),
        )

    def _samples(self) -> Iterator[tuple[int, Json]]:
        if not self.file.endswith(".eval"):
            for place, sample in enumerate(as_items(as_tree(self.artifacts.json(self.file)).get("samples"))):
                yield place, as_tree(sample)
            return
        with self.artifacts.opened(self.file) as file:
            if file is None:
                return
            try:
                with zipfile.ZipFile(file) as archive:
                    yield from _members(archive)
            except _DAMAGED:
                return


def _members(archive: zipfile.ZipFile) -> Iterator[tuple[int, Json]]:
    room = _MOST_BYTES
    for place, info in enumerate(archive.infolist()):
        if not _MEMBER.fullmatch(info.filename):
            continue
        # The size that an archive claims is checked by what is read.
        with archive.open(info) as member:
            content = member.read(MOST_LINE + 1)
        room -= len(content)
        if place >= MOST_ROWS or room < 0 or len(content) > MOST_LINE:
            raise SampleTooLarge("unpacks to more than any log holds")
        yield place, as_tree(parsed(content))


def inspect_tables(artifacts: Artifacts, cluster: str = "") -> Sequence[Table]:
    """The newest log."""
    return [InspectTable(artifacts, name) for name in artifacts.names if _NAME.fullmatch(name)][:1]
