"""Inspect's logs: JSON and archives, and those that hold no result."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from evaldock.core.results.files import Unreadable
from evaldock.core.results.inspect_log import parse_inspect, read_inspect
from evaldock.core.results.merge import Found
from evaldock.core.results.model import JobResult, Metric, NoResult
from evaldock.core.results.read import read_results


def score(name: str, n: int, **metrics: float) -> dict[str, Any]:
    """One score as Inspect 0.3 writes it."""
    return {
        "name": name, "scorer": name, "scored_samples": n, "unscored_samples": 0, "params": {},
        "metrics": {key: {"name": key, "value": value, "params": {}} for key, value in metrics.items()},
    }  # fmt: skip


def log(*scores: dict[str, Any], status: str = "success") -> dict[str, Any]:
    """A log without what nobody reads here."""
    results = {"total_samples": 3, "completed_samples": 3, "scores": list(scores)}
    return {"version": 2, "status": status, "eval": {"task": "capitals"}, "results": results, "samples": []}


def archive(tree: object, member: str = "header.json") -> bytes:
    """A `.eval` file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(member, json.dumps(tree))
    return buffer.getvalue()


TWO = log(score("match", 3, accuracy=0.25, stderr=0.125), score("includes", 3, accuracy=0.5, mean=0.75, stderr=0.25))


@pytest.mark.parametrize("content", [json.dumps(TWO).encode(), archive(TWO)], ids=["json", "zip"])
def test_scores_and_their_errors(content: bytes) -> None:
    found = [figure.metric for figure in read_inspect(parse_inspect(content))]
    assert found == [
        Metric("match_accuracy", 0.25, 0.125, 3),
        Metric("includes_accuracy", 0.5, 0.25, 3),
        Metric("includes_mean", 0.75, 0.25, 3),
    ]


def test_two_reducers_of_a_score_are_two_figures() -> None:
    def reduced(how: str, value: float) -> dict[str, Any]:
        return {**score("match", 3, accuracy=value), "reducer": how}

    found = read_inspect(log(reduced("mean", 0.25), reduced("at_least_1", 0.5)))
    assert [(one.metric.name, one.metric.value) for one in found] == [
        ("accuracy_mean", 0.25),
        ("accuracy_at_least_1", 0.5),
    ]
    found = read_inspect(log(reduced("mean", 0.25), reduced("mode", 0.5), score("includes", 3, accuracy=1.0)))
    assert names(found) == ["match_accuracy_mean", "match_accuracy_mode", "includes_accuracy"]
    (alone,) = read_inspect(log(reduced("mean", 0.25)))
    assert alone.metric.name == "accuracy"


def names(found: tuple[Found, ...]) -> list[str]:
    return [one.metric.name for one in found]


def test_one_score_alone_goes_by_the_name_of_its_metric() -> None:
    (found,) = read_inspect(log(score("match", 3, accuracy=0.25)))
    assert found.metric == Metric("accuracy", 0.25, None, 3)


@pytest.mark.parametrize("status", ["error", "started", "cancelled"])
def test_an_evaluation_that_did_not_succeed_is_no_result(status: str) -> None:
    with pytest.raises(Unreadable, match=status):
        read_inspect(log(score("match", 3, accuracy=1.0), status=status))


def test_archives_that_cannot_be_read() -> None:
    # What marks an entry as compressed by zstd stands in two places: behind both signatures.
    zstd = archive(TWO).replace(b"PK\3\4\x14\0\0\0\x08\0", b"PK\3\4\x14\0\0\0\x5d\0")
    at = zstd.index(b"PK\1\2") + 10
    zstd = zstd[:at] + b"\x5d\0" + zstd[at + 2 :]
    for content, said in (
        (zstd, "compressed with zstd.*--log-format json"),
        (archive(TWO, "samples/1.json"), "did not come to its end"),
        (b"PK\3\4 and no more", "damaged archive"),
        (b"", "no valid JSON"),
    ):
        with pytest.raises(Unreadable, match=said):
            parse_inspect(content)


@pytest.mark.parametrize("results", [None, 5, [], {}, {"scores": 5}, {"scores": [5, {}, {"metrics": {"a": "b"}}]}])
def test_anything_else_holds_no_figure(results: object) -> None:
    assert read_inspect({"status": "success", "results": results}) == ()
    with pytest.raises(Unreadable, match="status"):
        read_inspect(results)


def test_a_job_of_this_format_has_a_score(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"fmt": "inspect", "task": "capitals", "primary_metric": "includes_accuracy", "samples": 3}
    assert isinstance(read_results(tmp_path, file="", **asked), NoResult)
    (tmp_path / "2026-01-31T09-05-00_capitals_a.eval").write_bytes(archive(log(score("match", 1, accuracy=0.0))))
    (tmp_path / "2026-01-31T10-05-00_capitals_b.eval").write_bytes(archive(TWO))
    newest = read_results(tmp_path, file="", **asked)
    assert isinstance(newest, JobResult)
    assert newest.score is not None
    assert (newest.score.metric, newest.score.value, newest.score.n) == ("includes_accuracy", 0.5, 3)
