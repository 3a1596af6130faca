"""What the proxy wrote down, joined with samples by the hash of the prompt, and compared with another run's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.results.compare.answered import answered
from evaldock.core.results.compare.compare import compare_sides
from evaldock.core.results.compare.flips import answers
from evaldock.core.results.compare.model import Difference
from evaldock.core.results.compare.side import Side
from evaldock.core.results.compare.words import differently
from evaldock.core.results.samples.evidence import Evidence
from evaldock.core.results.samples.model import Texts
from evaldock.core.results.samples.pairs import Flag, Pairs, has_pairs, prompt_hash, read_pairs, read_texts
from hypothesis import given
from hypothesis import strategies as st

from ..test_results_compare import side


def told(content: object = "4", finish: object = "stop", **message: object) -> dict[str, object]:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}


def logged(folder: Path, pairs: Iterable[tuple[str, dict[str, object]]], **more: object) -> Path:
    folder.mkdir(exist_ok=True)
    for number, (prompt, body) in enumerate(pairs):
        asked = {"id": f"{number}", "body": {"model": "m", "messages": [{"role": "user", "content": prompt}]}}
        answer = {"id": f"{number}", "status": 200, "cached": False, "seconds": 1.25, "body": body, **more}
        for name, line in (("requests", asked), ("responses", answer)):
            with (folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    return folder


@pytest.mark.parametrize(
    ("body", "more", "flags", "words"),
    [
        (told(), {}, (), "2 tokens, 1.2 s"),
        (told("ha", "length"), {}, (Flag.CUT,), "cut, 2 tokens, 1.2 s"),
        (told(None), {}, (Flag.EMPTY,), "empty, 2 tokens, 1.2 s"),
        (told(" ", reasoning_content="4"), {}, (Flag.THOUGHT,), "reasoning only, 2 tokens, 1.2 s"),
        (told(None, refusal="No."), {}, (Flag.REFUSED,), "refused, 2 tokens, 1.2 s"),
        (told("half", "content_filter"), {}, (Flag.REFUSED,), "refused, 2 tokens, 1.2 s"),
        (told(), {"retried": 2}, (Flag.RETRIED,), "retried, 2 tokens, 1.2 s"),
        (told(), {"cached": True}, (Flag.CACHED,), "cached, 2 tokens, 1.2 s"),
        ({"error": {"message": "too long"}}, {"status": 400}, (Flag.UNANSWERED,), "unanswered, 1.2 s"),
    ],
)
def test_flags(
    tmp_path: Path, body: dict[str, object], more: dict[str, object], flags: tuple[Flag, ...], words: str
) -> None:
    (found,) = read_pairs(logged(tmp_path, [("2+2?", body)], **more)).by_prompt.values()
    assert [(pair.flags, pair.words) for pair in found] == [(flags, words)]


def test_a_sample_finds_its_pair_by_prompt_and_answer(tmp_path: Path) -> None:
    pairs = read_pairs(logged(tmp_path, [("2+2?", told("4")), ("2+2?", told("5")), ("3+3?", told("6"))]))
    assert pairs.total == 3 and has_pairs(tmp_path)
    places = [
        pair.number if (pair := pairs.of(Texts(prompt, answer))) is not None else None
        for prompt, answer in (("2+2?", "5"), (" 2+2?\n", "4 "), ("3+3?", "an extract"), ("4+4?", "6"), ("", ""))
    ]
    assert places == [1, 0, 2, None, None]
    assert read_texts(tmp_path, (2, 99))[2] == Texts("3+3?", "6", tokens=2)


def test_later_turns_are_no_prompts_of_the_data_set(tmp_path: Path) -> None:
    logged(tmp_path, [("first", told())])
    turns = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": "n"},
    ]
    with (tmp_path / "requests.jsonl").open("a") as file:
        file.write(json.dumps({"id": "x", "body": {"messages": turns}}) + "\n")
    assert read_pairs(tmp_path).prompts == {prompt_hash("first")}


def sided(pairs: Pairs, folder: Path, run: str = "aaaaaaaa", **more: object) -> Side:
    found = side(run=run, value=0.5, n=None, stderr=None)
    return replace(found, pairs=pairs, folder=folder, all_pairs=True, **more)  # type: ignore[arg-type]


def judged(one: Side, other: Side) -> Difference:
    (row,) = compare_sides({"t": one}, {"t": other})
    return row


def test_answers_of_any_image_are_compared(tmp_path: Path) -> None:
    prompts = [f"Question {i}" for i in range(20)]
    before = logged(tmp_path / "a", [(text, told(f"{i}")) for i, text in enumerate(prompts)])
    after = logged(tmp_path / "b", [(text, told(f"{i if i % 5 else 'other'}")) for i, text in enumerate(prompts[:-1])])
    one, other = sided(read_pairs(before), before), sided(read_pairs(after), after, "bbbbbbbb")
    row = judged(one, other)
    assert (row.asked, row.changed, differently(row)) == (19, 4, "answered differently: 4 of 19")
    assert row.why == "neither the samples nor an error are known"
    assert row.notes == ("prompts: 20 and 19, of which 19 are the same",)
    found = answers(row, one, other)
    assert [(each.before.prompt, each.before.answer, each.after.answer) for each in found] == [
        (f"Question {i}", f"{i}", "other") for i in (0, 5, 10, 15)
    ]
    some = replace(other, all_pairs=False)
    assert differently(judged(one, some)) == "answered differently: 4 of 19 prompts that were written down"
    assert judged(one, some).notes == ()


def test_repeats_are_compared_as_sets(tmp_path: Path) -> None:
    a = sided(read_pairs(logged(tmp_path / "a", [("q", told("1")), ("q", told("2"))])), tmp_path)
    b = sided(read_pairs(logged(tmp_path / "b", [("q", told("2")), ("q", told("1"))])), tmp_path)
    c = sided(read_pairs(logged(tmp_path / "c", [("q", told("2")), ("q", told("2"))])), tmp_path)
    d = sided(read_pairs(logged(tmp_path / "d", [("q", told("2"))])), tmp_path)
    changed = [len(found.changed) for one, other in ((a, b), (a, c), (a, d), (d, a)) if (found := answered(one, other))]
    assert changed == [0, 1, 0, 0]


def test_no_prompt_in_common_is_not_comparable(tmp_path: Path) -> None:
    a = sided(read_pairs(logged(tmp_path / "a", [("q", told("1"))])), tmp_path)
    b = sided(read_pairs(logged(tmp_path / "b", [("r", told("1"))])), tmp_path)
    assert judged(a, b).why == "other samples: no prompt was sent in both"
    thinks = sided(read_pairs(logged(tmp_path / "c", [("q", told("1", reasoning_content="x"))])), tmp_path)
    assert "answers with reasoning: 0 -> 1" in judged(a, thinks).notes


def test_what_broke_for_an_answer_that_is_none_is_said(tmp_path: Path) -> None:
    """The samples are of a declared file, the flags of the proxy."""
    rows = {f"q{i}": ("cut", "length") if i < 3 else ("", "stop") for i in range(4)}
    for name in ("a", "b"):
        logged(tmp_path / name, [(item, told(*(rows[item] if name == "b" else ("yes", "stop")))) for item in rows])
        with (tmp_path / name / "samples_t.jsonl").open("w") as file:
            for item in rows:
                line = {"doc_hash": item, "metrics": ["acc"], "acc": float(name == "a"), "filter": "none"}
                file.write(json.dumps({**line, "arguments": {"gen_args_0": {"arg_0": item}}}) + "\n")
    sides = [
        replace(
            side({item: [score] for item in rows}, run=run, value=score),
            artifacts=tmp_path / name,
            evidence=Evidence("samples_t.jsonl", "acc", {item: [score] for item in rows}),
            pairs=read_pairs(tmp_path / name),
            folder=tmp_path / name,
        )
        for name, run, score in (("a", "aaaaaaaa", 1.0), ("b", "bbbbbbbb", 0.0))
    ]
    before, after = sides
    same = judged(before, replace(after, evidence=before.evidence))
    assert (same.broke, same.fixed, same.changed) == (0, 0, 4)
    assert [each.after.answer for each in answers(same, before, after)] == ["cut", "cut", "cut", ""], "no score flipped"
    row = judged(before, after)
    assert row.notes == ("of the 4 that broke, in bbbbbbbb: 3 cut, 1 empty",)
    first = answers(row, before, after)[0]
    assert first.pair_before is not None and first.pair_after is not None
    assert (first.pair_before.words, first.pair_after.words) == ("2 tokens, 1.2 s", "cut, 2 tokens, 1.2 s")


@given(st.lists(st.binary(max_size=80)), st.lists(st.binary(max_size=80)))
def test_garbage_is_no_pair(tmp_path_factory: pytest.TempPathFactory, asked: list[bytes], told: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "requests.jsonl").write_bytes(b"\n".join(b'{"id": "%d", "body": ' % i + x for i, x in enumerate(asked)))
    (folder / "responses.jsonl").write_bytes(b"\n".join(b'{"id": "%d", "body": ' % i + x for i, x in enumerate(told)))
    read_pairs(folder)
