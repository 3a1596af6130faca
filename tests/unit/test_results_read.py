"""read_results: what a job's artifacts say, and what they must not be believed for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from evaldock.core.results.files import MAX_BYTES
from evaldock.core.results.model import JobResult, NoResult
from evaldock.core.results.read import read_results
from evaldock.core.results.tree import read_tree


def read(
    artifacts: Path, *, fmt: str = "results.yml", file: str = "", primary: str = "", samples: int | None = None
) -> JobResult | NoResult:
    return read_results(artifacts, fmt=fmt, file=file, task="contract", primary_metric=primary, samples=samples)


def write_results(artifacts: Path, value: str = "0.5", count: int | None = 10) -> None:
    stats = "{}" if count is None else f"{{count: {count}, stderr: 0.1}}"
    (artifacts / "results.yml").write_text(
        "results:\n  tasks:\n    contract:\n      metrics:\n        accuracy:\n          scores:\n"
        f"            accuracy: {{value: {value}, stats: {stats}}}\n"
    )


def write_counts(artifacts: Path, total: int, ok: int, codes: dict[str, int]) -> None:
    stats = {"count": total, "successful_count": ok, "status_codes": codes, "finish_reason": {"stop": ok}}
    (artifacts / "eval_factory_metrics.json").write_text(json.dumps({"response_stats": stats}))


def result(found: JobResult | NoResult) -> JobResult:
    assert isinstance(found, JobResult), found
    return found


def refused(found: JobResult | NoResult, reason: str = "no_results") -> str:
    assert isinstance(found, NoResult), found
    assert found.reason == reason
    return found.detail


def test_a_score_with_good_requests_is_valid(tmp_path: Path) -> None:
    write_results(tmp_path)
    write_counts(tmp_path, 10, 10, {"200": 10})
    found = result(read(tmp_path, samples=10))
    assert found.score is not None and found.requests is not None
    assert (found.score.metric, found.score.value, found.score.n) == ("contract_accuracy", 0.5, 10)
    assert (found.score.valid, found.score.why) == (True, "")
    assert found.requests.by_status == (("200", 10),)
    assert found.requests.finish_reasons == (("stop", 10),)


def test_the_false_zero_is_no_result(tmp_path: Path) -> None:
    write_results(tmp_path, value="0.0")
    write_counts(tmp_path, 3, 0, {"404": 3})
    found = read(tmp_path)
    assert "3 x 404" in refused(found, "no_valid_requests")
    assert isinstance(found, NoResult) and found.requests is not None and found.requests.total == 3


def test_failed_requests_are_told_even_without_results(tmp_path: Path) -> None:
    write_counts(tmp_path, 3, 0, {"500": 3})
    refused(read(tmp_path), "no_valid_requests")


def test_a_partly_failed_run_has_an_invalid_score(tmp_path: Path) -> None:
    write_results(tmp_path)
    write_counts(tmp_path, 10, 7, {"200": 7, "429": 3})
    score = result(read(tmp_path)).score
    assert score is not None and not score.valid
    assert "3 of its 10 requests" in score.why and "3 x 429" in score.why


def test_failures_known_only_by_status_code_count(tmp_path: Path) -> None:
    write_results(tmp_path)
    (tmp_path / "eval_factory_metrics.json").write_text(
        '{"response_stats": {"count": 2, "status_codes": {"200": 2, "503": 2}}}'
    )
    score = result(read(tmp_path)).score
    assert score is not None and not score.valid


def test_fewer_samples_than_asked_for_are_noted(tmp_path: Path) -> None:
    write_results(tmp_path, count=7)
    score = result(read(tmp_path, samples=10)).score
    assert score is not None and score.valid
    assert score.why == "7 of 10 samples are behind it."


def test_a_run_without_an_endpoint_is_fine(tmp_path: Path) -> None:
    write_results(tmp_path)
    write_counts(tmp_path, 0, 0, {})
    found = result(read(tmp_path))
    assert found.requests is None and found.score is not None and found.score.valid


def test_damaged_counts_do_not_hide_the_score(tmp_path: Path) -> None:
    write_results(tmp_path)
    (tmp_path / "eval_factory_metrics.json").write_text("{")
    assert result(read(tmp_path)).requests is None


def test_missing_results_name_the_file(tmp_path: Path) -> None:
    assert "results.yml was not written" in refused(read(tmp_path))
    assert "results_*.json was not written" in refused(read(tmp_path, fmt="lm-eval"))


def test_missing_artifacts_are_missing_results(tmp_path: Path) -> None:
    refused(read(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    "content",
    [
        b"results: [",
        b"\xff\xfe\x00",
        b"a: &a [*a]",
        b"[" * 200_000,
        b"- " * 100_000,
        b"a: &a {x: 1}\nb: {<<: *a}",
        b"n: " + b"9" * 5000,
        b"d: 2026-99-99",
        b"--- 1\n--- 2",
    ],
    ids=["cut", "bytes", "cycle", "deep-flow", "deep-block", "merge-key", "huge-int", "bad-date", "two-documents"],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "results.yml").write_bytes(content)
    detail = refused(read(tmp_path))
    assert "results.yml" in detail and "\n" not in detail and len(detail) < 400


def test_a_tree_without_end_is_refused(tmp_path: Path) -> None:
    lines = ["n0: &n0 {metrics: {}}"]
    lines += [f"n{i}: &n{i} {{groups: {{a: *n{i - 1}, b: *n{i - 1}}}}}" for i in range(1, 38)]
    (tmp_path / "results.yml").write_text("\n".join([*lines, "results: {groups: {g: *n37}}"]))
    assert "more than" in refused(read(tmp_path))


@pytest.mark.parametrize(
    ("value", "said"),
    [(".nan", "NaN"), ("-.inf", "infinite"), ("null", "null"), ("n/a", "'n/a'"), ("[1]", "no number")],
)
def test_a_figure_that_is_no_number_is_one_of_unknown_value(tmp_path: Path, value: str, said: str) -> None:
    write_results(tmp_path, value=value)
    found = result(read(tmp_path))
    assert (found.metrics, found.score) == ((), None)
    assert found.note == f"No figure is known: contract_accuracy is {said} in the results."
    tree = read_tree(tmp_path, fmt="results.yml", file="", task="contract", primary_metric="")
    (figure,) = (figure for node in tree.nodes for figure in node.figures)
    assert (figure.value, figure.n, figure.note) == (None, 10, f"Its value is {said}.")


NUMPY = """!!python/object/apply:numpy.{core}.multiarray.scalar
              - &id001 !!python/object/apply:numpy.dtype
                args: [{kind}, false, true]
                state: !!python/tuple [3, {order}, null, null, null, -1, -1, 0]
              - !!binary {data}"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-05", 1e-05),
        ("5e-2", 0.05),
        ("5E-1", 0.5),
        ("'0.5'", 0.5),
        ('" .5 "', 0.5),
        ("'+1.'", 1.0),
        ("!!python/float 0.5", 0.5),
        ("!lab/figure 0.5", 0.5),
        ("!!str 0.25", 0.25),
        (NUMPY.format(core="core", kind="f8", order="<", data="AAAAAAAA4D8="), 0.5),
        (NUMPY.format(core="_core", kind="f4", order="'>'", data="PwAAAA=="), 0.5),
        (NUMPY.format(core="core", kind="i8", order="<", data="AQAAAAAAAAA="), 1.0),
    ],
)
def test_a_number_is_one_however_it_is_written(tmp_path: Path, text: str, value: float) -> None:
    (tmp_path / "results.yml").write_text(
        "results:\n  tasks:\n    t:\n      metrics:\n        acc:\n          scores:\n"
        f"            acc:\n              stats: {{count: '4.0', stderr: '1e-2'}}\n              value: {text}\n"
    )
    (metric,) = result(read(tmp_path)).metrics
    assert (metric.value, metric.n, metric.stderr) == (value, 4, 0.01)


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['false']", "!!python/name:os.system", "true", "1:2x"]
)
def test_what_else_stands_there_is_no_number_and_is_not_run(tmp_path: Path, text: str) -> None:
    write_results(tmp_path, value=text)
    assert result(read(tmp_path)).score is None


@pytest.mark.parametrize("lost", ['"n/a"', "NaN", "null"])
@pytest.mark.parametrize(
    ("fmt", "text"),
    [
        ("lm-eval", '{"results": {"t": {"acc,none": LOST, "brier_score,none": 0.31}}}'),
        ("json", '{"accuracy": LOST, "n": 3}'),
    ],
)
def test_a_figure_that_cannot_be_read_is_not_replaced_without_a_word(
    tmp_path: Path, fmt: str, text: str, lost: str
) -> None:
    (tmp_path / "results_1.json").write_text(text.replace("LOST", lost))
    found = result(read(tmp_path, fmt=fmt, file="results_1.json")).score
    assert found is not None and found.validity == "suspect"
    assert "acc" in found.why and found.why.endswith("in the results; this is another figure.")


def test_a_score_without_samples_is_no_result(tmp_path: Path) -> None:
    write_results(tmp_path, value="0.0", count=0)
    assert "no score" in refused(read(tmp_path))


def test_an_oversized_file_is_refused(tmp_path: Path) -> None:
    with open(tmp_path / "results.yml", "wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "more than" in refused(read(tmp_path))


def test_a_link_out_of_the_artifacts_is_refused(tmp_path: Path) -> None:
    artifacts, outside = tmp_path / "artifacts", tmp_path / "outside"
    artifacts.mkdir()
    outside.mkdir()
    write_results(outside)
    (artifacts / "results.yml").symlink_to(outside / "results.yml")
    assert "refused" in refused(read(artifacts))
    (artifacts / "folder").symlink_to(outside)
    assert "refused" in refused(read(artifacts, file="folder/results.yml"))
    assert "refused" in refused(read(artifacts, file="../outside/results.yml"))


def test_a_link_inside_the_artifacts_is_followed(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    write_results(tmp_path / "inner")
    (tmp_path / "results.yml").symlink_to("inner/results.yml")
    result(read(tmp_path))


@pytest.mark.parametrize("kind", ["pipe", "directory", "loop"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "results.yml"
    {"pipe": os.mkfifo, "directory": os.mkdir, "loop": lambda p: os.symlink("results.yml", p)}[kind](path)
    refused(read(tmp_path))


def test_the_newest_lm_eval_file_counts(tmp_path: Path) -> None:
    for folder, day, value in (("b", "01", 0.1), ("a", "02", 0.2)):
        (tmp_path / folder).mkdir()
        content = {"results": {"contract": {"alias": "contract", "acc,none": value, "acc_stderr,none": 0.01}}}
        (tmp_path / folder / f"results_2026-01-{day}T00.json").write_text(json.dumps(content))
    score = result(read(tmp_path, fmt="lm-eval")).score
    assert score is not None
    assert (score.metric, score.value, score.stderr) == ("contract_acc", 0.2, 0.01)


def test_plain_json(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text('{"metrics": {"speed": 3, "accuracy": 0.25, "note": "x", "bad": NaN}}')
    found = result(read(tmp_path, fmt="json", file="out.json"))
    assert [(m.name, m.value) for m in found.metrics] == [("speed", 3.0), ("accuracy", 0.25)]
    assert found.score is not None and found.score.metric == "accuracy"


def test_the_primary_metric_is_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"accuracy": 0.25, "speed": 3}')
    chosen = result(read(tmp_path, fmt="json", primary="speed")).score
    assert chosen is not None and (chosen.metric, chosen.why) == ("speed", "")
    other = result(read(tmp_path, fmt="json", primary="nowhere")).score
    assert other is not None and other.metric == "accuracy" and "'nowhere'" in other.why
