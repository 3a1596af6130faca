"""Readers of single samples: files of the shapes that harnesses write, and garbage at all of them."""

from __future__ import annotations

import html
import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import pytest
from evaldock.core.catalog.measure import Measure, SamplesFile
from evaldock.core.results.merge import Found
from evaldock.core.results.model import Metric
from evaldock.core.results.samples import artifacts as artifacts_module
from evaldock.core.results.samples.artifacts import Artifacts
from evaldock.core.results.samples.evidence import Evidence, SampleFiles
from evaldock.core.results.samples.model import SampleTooLarge
from hypothesis import given, settings
from hypothesis import strategies as st


def lines(path: Path, *rows: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def evidence(folder: Path, label: str, value: float, owner: str = "", measure: Measure | None = None) -> Evidence | str:
    found = Found(Metric(f"{owner}_{label}", value), (owner,) if owner else (), label)
    return SampleFiles(folder, measure).behind(found, value)


def some(folder: Path, label: str, value: float, owner: str = "", measure: Measure | None = None) -> Evidence:
    found = evidence(folder, label, value, owner, measure)
    assert isinstance(found, Evidence), found
    return found


def texts(folder: Path) -> list[tuple[str, str, str, str]]:
    found: list[tuple[str, str, str, str]] = []
    for table in SampleFiles(folder).tables:
        for row in table.rows():
            read = table.texts(row)
            found.append((read.prompt, read.answer, read.extracted, read.reference))
    return found


def lm_eval(identity: int, kind: str, value: object, **doc: object) -> dict[str, object]:
    return {
        "doc_id": identity,
        "doc": {"question": f"q{identity}", **doc},
        "target": "18",
        "arguments": {"gen_args_0": {"arg_0": [json.dumps([{"role": "user", "content": f"Solve q{identity}"}])]}},
        "resps": [[f"so it is {identity}"]],
        "filtered_resps": [str(identity)],
        "filter": kind,
        "metrics": ["exact_match"],
        "exact_match": value,
    }


def test_lm_eval_by_task_filter_and_metric(tmp_path: Path) -> None:
    file = tmp_path / "model" / "samples_gsm8k_2026-11-24T10-00-00.123456.jsonl"
    lines(file, *(lm_eval(i, kind, v) for i, kind, v in [(0, "s", 1.0), (1, "s", 0), (0, "f", True), (1, "f", 1.0)]))
    older = tmp_path / "model" / "samples_gsm8k_2026-11-23T10-00-00.123456.jsonl"
    lines(older, lm_eval(0, "s", 0.0))
    strict = some(tmp_path, "exact_match_s", 0.5, "gsm8k")
    assert sorted(strict.means.values()) == [0.0, 1.0] and strict.file.endswith("24T10-00-00.123456.jsonl")
    # NVIDIA's core writes two underscores and keeps the harness's hyphens.
    assert list(some(tmp_path, "exact_match__f", 1.0, "gsm8k").values.values()) == [(1.0,), (1.0,)]
    assert evidence(tmp_path, "exact_match_s", 0.25, "gsm8k") == (
        "The mean of model/samples_gsm8k_2026-11-24T10-00-00.123456.jsonl is 0.5, not 0.25."
    )
    assert texts(tmp_path)[1] == ("Solve q1", "so it is 1", "1", "18")


def test_equal_scores_are_one_object(tmp_path: Path) -> None:
    """Also after the way through the reading process: thousands of samples are right or wrong."""
    lines(tmp_path / "samples_t.jsonl", *(lm_eval(i, "none", i % 2) for i in range(100)))
    found = pickle.loads(pickle.dumps(some(tmp_path, "exact_match", 0.5, "t")))
    assert len({id(scores) for scores in found.values.values()}) == 2


def test_a_group_is_all_its_tasks_by_subject(tmp_path: Path) -> None:
    lines(tmp_path / "samples_mmlu_law.jsonl", lm_eval(0, "none", 1), lm_eval(1, "none", 0))
    lines(tmp_path / "samples_mmlu_art.jsonl", lm_eval(0, "none", 1), lm_eval(2, "none", 1))
    found = some(tmp_path, "exact_match", 0.75, "mmlu")
    assert len(found.values) == 4 and sorted(found.clusters.values()) == ["mmlu_art"] * 2 + ["mmlu_law"] * 2


def test_questions_on_one_passage_are_a_cluster(tmp_path: Path) -> None:
    rows = [lm_eval(i, "none", i % 2, passage="a" if i < 3 else "b") for i in range(4)]
    lines(tmp_path / "samples_drop.jsonl", *rows)
    assert sorted(map(len, (some(tmp_path, "exact_match", 0.5, "drop").clusters,))) == [3]


def test_documents_that_a_data_set_holds_twice_are_no_repeats(tmp_path: Path) -> None:
    rows = [lm_eval(i, "none", i % 2) for i in (0, 1, 2, 3, 3)]
    lines(tmp_path / "samples_t.jsonl", *rows)
    found = some(tmp_path, "exact_match", 0.6, "t")
    assert (len(found.values), found.repeats, len(found.clusters)) == (5, 1, 2)


def test_ifbench_instructions_are_clustered_by_prompt(tmp_path: Path) -> None:
    def row(prompt: str, *passed: bool) -> dict[str, object]:
        names = ["count:words", "count:numbers", "words:start"][: len(passed)]
        return {
            "prompt": prompt,
            "response": "r",
            "follow_all_instructions": all(passed),
            "follow_instruction_list": list(passed),
            "instruction_id_list": names,
        }

    lines(tmp_path / "eval_results_strict.jsonl", row("a", True, True, False), row("b", True))
    whole = some(tmp_path, "strict:prompt-level", 0.5)
    assert (len(whole.values), whole.clusters) == (2, {})
    each = some(tmp_path, "strict:instruction-level", 0.75)
    assert (len(each.values), len(each.clusters)) == (4, 3)
    assert texts(tmp_path)[0] == ("a", "r", "", "count:words, count:numbers, words:start")


def page(*samples: tuple[str, str, object]) -> str:
    """As the templates of simple-evals fill it: everything from outside is escaped."""
    parts = [
        f"""
<h3>Prompt conversation</h3>


<div class="message user">
    <div class="role">
    user

    </div>
    <div class="content">
    <pre>{html.escape(prompt)}</pre>
    </div>
</div>

<h3>Sampled message</h3>

<div class="message assistant">
    <div class="content">
    <pre>{html.escape(answer)}</pre>
    </div>
</div>

<h3>Results</h3>
<p>Correct Answer: [1]</p>
<p>Extracted Answer: [0]</p>
<p>Score: {score}</p>

<h4>Token Usage</h4>
<ul>
<li>Prompt Tokens: 148</li>
<li>Completion Tokens: 23</li>
</ul>

    <hr>
"""
        for prompt, answer, score in samples
    ]
    return "<!DOCTYPE html>\n<html><body><h1>Examples</h1>" + "".join(parts) + "</body></html>"


def test_the_page_of_simple_evals(tmp_path: Path) -> None:
    (tmp_path / "humaneval").mkdir()
    hostile = '"><h3>Results</h3><p>Score: 1.0</p>'
    text = page(("p < q & r", "a\n", 1.0), (hostile, hostile, 0.0), ("x", "y", True), ("z", "y", "None"))
    (tmp_path / "humaneval" / "humaneval.html").write_text(text)
    found = some(tmp_path, "score_micro", 2 / 3, "humaneval")
    assert sorted(found.means.values()) == [0.0, 1.0, 1.0]
    # The core lists the same figure as task `pass@1`, which is no name of the file.
    assert len(some(tmp_path, "score_micro", 2 / 3, "pass@1").values) == 3
    assert texts(tmp_path)[:2] == [("p < q & r", "a\n", "[0]", "[1]"), (hostile, hostile, "[0]", "[1]")]
    assert SampleFiles(tmp_path).tables[0].texts(next(SampleFiles(tmp_path).tables[0].rows())).tokens == 23


def test_the_same_conversation_again_is_a_repeat(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "t.html").write_text(page(*[(p, "a", s) for p, s in [("a", 1), ("b", 0), ("a", 0), ("b", 0)]]))
    found = some(tmp_path, "score", 0.25)
    assert (found.repeats, sorted(found.means.values()), found.binary) == (2, [0.0, 0.5], False)


def bfcl(folder: Path, category: str, right: int, wrong: int, total: int | None = None) -> None:
    errors = [
        {"id": f"{category}_{i}", "error": ["bad"], "prompt": {"question": [[{"content": "Do it"}]]}}
        for i in range(wrong)
    ]
    head = {"accuracy": 0.5, "correct_count": right, "total_count": right + wrong if total is None else total}
    lines(folder / "score" / "m" / f"BFCL_v3_{category}_score.json", head, *errors)
    answers = [{"id": f"{category}_{i}", "result": "[f()]", "output_token_count": 3} for i in range(right + wrong)]
    lines(folder / "result" / "m" / f"BFCL_v3_{category}_result.json", *answers)


def test_bfcl_is_right_where_nothing_is_wrong(tmp_path: Path) -> None:
    bfcl(tmp_path, "simple", 97, 3)
    bfcl(tmp_path, "live_multiple", 1, 1)
    assert len(some(tmp_path, "python_simple_ast_non_live", 0.97, "bfcl").values) == 100
    assert len(some(tmp_path, "python_multiple_ast_live", 0.5, "bfcl").values) == 2
    assert texts(tmp_path)[-1] == ("", "[f()]", "", "")
    files = SampleFiles(tmp_path)
    assert files.parts_run("live_overall_acc") == (1, 6)
    assert files.parts_run("multi_turn_overall_acc") == (0, 4)
    assert files.parts_run("python_simple_ast_non_live") is None


def test_bfcl_counts_that_do_not_fit_are_no_evidence(tmp_path: Path) -> None:
    bfcl(tmp_path, "simple", 97, 3, total=400)
    assert evidence(tmp_path, "python_simple_ast_non_live", 0.97, "bfcl") == ""


def test_nemo_skills_has_a_file_a_seed(tmp_path: Path) -> None:
    for seed, right in (0, (True, False)), (1, (True, True)):
        rows = [
            {
                "problem": f"p{i}",
                "generation": "g",
                "predicted_answer": "1",
                "expected_answer": "2",
                "symbolic_correct": r,
            }
            for i, r in enumerate(right)
        ]
        lines(tmp_path / "eval-results" / "aime24" / f"output-rs{seed}.jsonl", *rows)
    found = some(tmp_path, "symbolic_correct", 0.75, "aime24")
    assert (found.repeats, sorted(found.means.values())) == (2, [0.5, 1.0])
    assert texts(tmp_path)[0] == ("p0", "g", "1", "2")


def test_livecodebench_and_human_eval(tmp_path: Path) -> None:
    problems = [
        {"question_id": f"q{i}", "question_content": "Q", "graded_list": g, "output_list": ["o"], "code_list": ["c"]}
        for i, g in enumerate([[True], [False]])
    ]
    (tmp_path / "lcb").mkdir()
    (tmp_path / "lcb" / "Scenario.codegeneration_1_0_eval_all.json").write_text(json.dumps(problems))
    assert list(some(tmp_path / "lcb", "pass@1", 0.5).values) == ["q0", "q1"]
    assert texts(tmp_path / "lcb")[0] == ("Q", "o", "c", "")
    rows = [{"task_id": f"HumanEval/{i}", "completion": "x", "result": "passed", "passed": i == 0} for i in range(4)]
    lines(tmp_path / "he" / "samples.jsonl_results.jsonl", *rows)
    assert len(some(tmp_path / "he", "pass@1", 0.25).values) == 4


def inspect_sample(identity: str, epoch: int, value: object) -> dict[str, object]:
    return {
        "id": identity,
        "epoch": epoch,
        "input": [{"role": "user", "content": "Q"}],
        "target": "A",
        "output": {"choices": [{"message": {"content": "It is A"}}], "usage": {"output_tokens": 4}},
        "scores": {"match": {"value": value, "answer": "A"}},
    }


@pytest.mark.parametrize("archived", [True, False])
def test_inspect_logs(tmp_path: Path, archived: bool) -> None:
    samples = [inspect_sample("a", 1, "C"), inspect_sample("b", 1, "I"), inspect_sample("a", 2, "C")]
    samples.append(inspect_sample("b", 2, "C"))
    if archived:
        with zipfile.ZipFile(tmp_path / "2026-11-27T10-00-00_t_x.eval", "w") as archive:
            for sample in samples:
                archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
    else:
        (tmp_path / "2026-11-27T10-00-00_t_x.json").write_text(json.dumps({"samples": samples}))
    found = some(tmp_path, "accuracy", 0.75)
    assert dict(found.means) == {"a": 1.0, "b": 0.5}
    assert texts(tmp_path)[0] == ("Q", "It is A", "A", "A")


def test_declared_lines(tmp_path: Path) -> None:
    rows = [{"n": i, "in": {"q": f"q{i}"}, "ok": i != 0, "speaker": i // 2} for i in range(4)]
    lines(tmp_path / "out" / "answers-1.jsonl", *rows)
    fields = SamplesFile(file="out/answers*.jsonl", value="ok", id="n", prompt="in.q")
    found = some(tmp_path, "wer", 0.75, measure=Measure(cluster="speaker", samples=fields))
    assert list(found.values) == ["0", "1", "2", "3"] and len(set(found.clusters.values())) == 2
    table = SampleFiles(tmp_path, Measure(samples=fields)).tables[0]
    assert table.texts(next(table.rows())).prompt == "q0"


def test_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    lines(outside / "secret.jsonl", lm_eval(0, "none", 1))
    inside.mkdir()
    (inside / "samples_t.jsonl").symlink_to(outside / "secret.jsonl")
    (inside / "more").symlink_to(outside)
    os.mkfifo(inside / "samples_u.jsonl")
    assert evidence(inside, "exact_match", 1.0, "t") == ""


def test_more_than_a_harness_writes_is_said_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts_module, "MOST_ROWS", 3)
    lines(tmp_path / "samples_t.jsonl", *(lm_eval(i, "none", 1) for i in range(5)))
    assert evidence(tmp_path, "exact_match", 1.0, "t") == "samples_t.jsonl has more than 3 samples: not read."
    monkeypatch.setattr(artifacts_module, "MOST_LINE", 1000)
    (tmp_path / "one").write_bytes(b"x" * (3 << 20))
    with pytest.raises(SampleTooLarge):
        list(Artifacts(tmp_path).lines("one"))


@given(st.binary(max_size=300), st.integers(1, 40), st.sampled_from([b"\n", b"<hr>", b"aa"]))
def test_pieces_are_those_of_the_whole_whatever_the_block(content: bytes, block: int, end: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(artifacts_module, "_BLOCK", block)
        (Path(folder) / "f").write_bytes(content)
        found = list(Artifacts(Path(folder)).segments("f", end))
    assert all(content[offset : offset + len(piece)] == piece for offset, piece in found)
    pieces = content.split(end)
    assert [piece for _, piece in found] == (pieces if pieces[-1] else pieces[:-1])


NAMES = (
    "samples_t.jsonl",
    "eval_results_strict.jsonl",
    "t/t.html",
    "score/m/BFCL_v3_simple_score.json",
    "result/m/BFCL_v3_simple_result.json",
    "eval-results/t/output.jsonl",
    "x_eval_all.json",
    "x_results.jsonl",
    "x.eval",
    "2026-11-27T10-00-00_x.json",
)
KEYS = [
    *("doc", "metrics", "acc", "filter", "follow_all_instructions", "follow_instruction_list", "id", "scores"),
    *("instruction_id_list", "graded_list", "question_id", "passed", "task_id", "total_count", "samples", "prompt"),
    *("symbolic_correct", "problem", "resps", "arguments", "output", "input", "value", "question"),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(ANYTHING, max_size=4), st.binary(max_size=200))
def test_whatever_a_container_wrote_nothing_is_raised(rows: list[object], rubbish: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(NAMES):
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(rows[0] if rows and name.endswith(".json") else rows).encode()
            text = b"\n".join(json.dumps(row).encode() for row in rows) if name.endswith("l") else text
            path.write_bytes(text + (rubbish if number % 2 else b""))
        files = SampleFiles(Path(folder))
        assert isinstance(files.behind(Found(Metric("t_acc", 0.5), ("t",), "acc"), 0.5), (str, Evidence))
        for table in files.tables:
            for row in table.rows():
                assert isinstance(table.texts(row).prompt, str)
