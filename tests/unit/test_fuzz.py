"""Terminal streams, artifacts and configs of strangers in bulk; see `tests.fuzz` for how to run it without end."""

from __future__ import annotations

import copy
import json
import os
import random
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from evaldock.core.api import load_config, plan
from evaldock.core.base.errors import EvaldockError
from evaldock.core.base.sanitize import Cleaner, clean_line, json_text
from evaldock.core.plan.render import render_plan
from evaldock.core.proxy.parse import AnswerParser, BadAnswer
from evaldock.core.results.model import JobResult, NoResult
from evaldock.core.results.read import read_results
from evaldock.core.results.tree import MetricTree, read_tree

from tests.fuzz import cases, mutated, put, tree

pytestmark = pytest.mark.wide

_PIECES = [
    *(b"\x1b", b"\x1b[", b"\x1b]52;c;", b"\x1bP", b"\x1b^", b"\x1b_", b"\x1bX", b"\x9b", b"\xc2\x9b", b"\xc2\x9d"),
    *(b"\x07", b"\x1b\\", b"\xc2\x9c", b"\x18", b"\x1a", b"31m", b"0;1;38:5:9m", b"2J", b"?1049h", b"c", b"(0", b" q"),
    *(b"\r", b"\n", b"\r\n", b"\t", b"\0", b"\x7f", b"\x08", b"\x0b", b"\xff", b"\xe2", b"\xe2\x80", b"\xf0\x9f"),
    *("\u202e\u2066\u061c\u200f".encode(), "é漢😀".encode(), b"plain words ", b";" * 70, b"1" * 70, b"x" * 5000),
]
_SGR = re.compile(r"\x1b\[[0-9;:]*m")
_BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


def odd(text: str) -> list[str]:
    """What must never reach a terminal, by Unicode's own table."""
    steering = (c for c in text if unicodedata.category(c) in ("Cc", "Cs") or unicodedata.bidirectional(c) in _BIDI)
    return [c for c in steering if c not in "\n\t"]


def test_no_stream_of_bytes_steers_a_terminal_however_it_is_cut() -> None:
    for rng in cases(1500):
        data = b"".join(rng.choice(_PIECES) for _ in range(rng.randrange(30)))
        for colour in (False, True):
            whole = Cleaner(keep_colour=colour, max_line=200)
            expected = whole.feed_bytes(data) + whole.flush()
            parts, at, cut = Cleaner(keep_colour=colour, max_line=200), 0, ""
            while at < len(data):
                size = rng.randrange(1, 9)
                cut += parts.feed_bytes(data[at : at + size])
                at += size
            assert cut + parts.flush() == expected
            assert odd(_SGR.sub("", expected) if colour else expected) == []
        line = clean_line(data.decode("utf-8", "replace"))
        assert odd(line) == [] and "\n" not in line and "\t" not in line


def test_json_for_a_terminal_is_the_same_json_without_what_steers_one() -> None:
    for rng in cases(500):
        value = b"".join(rng.choice(_PIECES) for _ in range(rng.randrange(12))).decode("utf-8", "surrogateescape")
        text = json_text({value: [value]}, indent=rng.choice((None, 2)))
        assert json.loads(text) == {value: [value]}
        assert odd(text) == []


_ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nabcd0123456789abcdef",
    b"HTTP/1.0 200\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\na;n=v\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nVary: a\r\nvary: b\r\n\r\nuntil the end",
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 429 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
]
_WIRE = [
    *(
        b"\r\n",
        b"\r",
        b"\n",
        b"\r\n\r\n",
        b"\0",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"0x5",
        b"+1",
        b"-1",
        b"_",
        b"\xff",
        b"0",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Connection: close\r\n",
    ),
    *(b"Upgrade: h2c\r\n", b"f" * 20, b"9" * 30, b"HTTP/1.1 200 OK\r\n", b"HTTP/2 200\r\n", b"x" * 3000, b"0\r\n\r\n"),
]


def heard(raw: bytes, cuts: list[int], *, bodyless: bool) -> object:
    """What an answer says, in which pieces it may come."""
    parser, body = AnswerParser(bodyless=bodyless), b""
    try:
        for start, end in pairwise([0, *cuts, len(raw)]):
            body += b"".join(parser.feed(raw[start:end]))
    except BadAnswer:
        return "refused"
    reusable = parser.reusable
    return parser.status, parser.headers, body, reusable, parser.eof()


def test_an_answer_is_the_same_or_refused_however_it_is_cut() -> None:
    for rng in cases(2000):
        raw = mutated(rng.choice(_ANSWERS), rng, _WIRE)
        bodyless = rng.random() < 0.1
        expected = heard(raw, [], bodyless=bodyless)
        some = sorted(rng.randrange(len(raw) + 1) for _ in range(rng.randrange(8)))
        assert heard(raw, some, bodyless=bodyless) == expected
        assert heard(raw, list(range(1, len(raw))), bodyless=bodyless) == expected


_KEYS = [
    *("results", "tasks", "groups", "metrics", "scores", "value", "stats", "stderr", "count", "stddev", "t", "acc"),
    *("acc,none", "acc_stderr,none", "n-samples", "effective", "original", "alias", "status", "name", "scorer", "?"),
    *("response_stats", "status_codes", "successful_count", "finish_reason", "200", "500", "doc_id", "filter", "m"),
    *("prompt", "follow_all_instructions", "follow_instruction_list", "instruction_id_list", "doc", "doc_hash"),
]
_VALUES: list[object] = [
    *(0, 1, -1, 0.5, 1e308, -0.0, 10**30, 10**400, True, None, "", "0.5", "success", "\x1b[2J", "\ud800", "x" * 999),
    *(float("nan"), float("inf"), [], {}, "strict:count", "é"),
]
_YAML = [
    *(b"&a [", b"*a", b"<<: ", b"? ", b"!!python/object:os.system", b"1:2:3:4", b"0x" + b"f" * 5000, b"9" * 5000, b"{"),
    *(b"}", b"- ", b": ", b"\n", b"\t", b"\xff", b"\0", b"'", b'"', b"[" * 500, b".inf", b"2020-01-01", b"---\n"),
]
_GOOD = b"results: {tasks: {t: {metrics: {acc: {scores: {acc: {value: 0.5, stats: {count: 2, stderr: 0.5}}}}}}}}\n"
_NAMES = {"results.yml": "results.yml", "lm-eval": "results_1.json", "inspect": "a.eval", "json": "results.json"}


def fill(artifacts: Path, fmt: str, rng: random.Random) -> None:
    """Some of the files that harnesses write, most of them damaged."""
    for name in (_NAMES[fmt], "eval_factory_metrics.json", "samples_t.jsonl", "eval_results_strict.jsonl"):
        path = artifacts / name
        match rng.randrange(10):
            case 0:
                continue
            case 1:
                path.symlink_to(rng.choice(["/dev/zero", "/etc/passwd", name, "..", "/dev/stdin", str(artifacts)]))
            case 2:
                os.mkfifo(path)
            case 3:
                path.mkdir()
            case 4 | 5:
                path.write_bytes(mutated(_GOOD, rng, _YAML))
            case _:
                rows = [json.dumps(tree(rng, _KEYS, _VALUES)) for _ in range(rng.randrange(1, 4))]
                path.write_bytes(mutated("\n".join(rows).encode(), rng, _YAML))


def test_whatever_a_container_left_is_a_result_or_a_sentence(tmp_path: Path) -> None:
    for number, rng in enumerate(cases(400)):
        artifacts = tmp_path / str(number)
        artifacts.mkdir()
        fmt = rng.choice(list(_NAMES))
        fill(artifacts, fmt, rng)
        found = read_results(artifacts, fmt=fmt, file="", task="t", primary_metric="", samples=2)
        assert isinstance(found, JobResult) or (isinstance(found, NoResult) and found.detail)
        shown = read_tree(artifacts, fmt=fmt, file="", task="t", primary_metric="")
        assert isinstance(shown, MetricTree) and (shown.nodes or shown.problem)


KEY = "sk-fuzz-0123456789abcdef"
_BASE: dict[str, object] = {
    "execution": {"output_dir": "out", "max_parallel": 2, "timeout": "1h", "resources": {"memory": "1g"}},
    "target": {"api_endpoint": {"url": "http://127.0.0.1:1/v1", "model_id": "m", "api_key_name": "FUZZ_API_KEY"}},
    "evaluation": {
        "env_vars": {"A": "lit:x", "B": "host:HOME"},
        "tasks": [
            {"name": "ifeval", "nemo_evaluator_config": {"config": {"params": {"limit_samples": 2}}}},
            {"name": "gsm8k", "env_vars": {"C": "FUZZ_API_KEY"}},
        ],
    },
}
_CONFIG_KEYS = [
    *(
        "name",
        "tasks",
        "url",
        "api_endpoint",
        "adapter_config",
        "interceptors",
        "config",
        "params",
        "extra",
        "env_vars",
    ),
    *("defaults", "mounts", "extra_docker_args", "pre_cmd", "container", "output_dir", "a.b", "${x}", "<<"),
]
_CONFIG_VALUES: list[object] = [
    *("${oc.env:FUZZ_API_KEY}", "${oc.env:HOME}", "${target}", "${target.api_endpoint.api_key_name}", "$FUZZ_API_KEY"),
    *("host:FUZZ_API_KEY", "lit:", "lit:${oc.env:FUZZ_API_KEY}", "../../x", "/dev/zero", "???", "x" * 999, "é\u202e"),
    *(0, -1, 10**30, 1e308, True, None, "", [], {}, "local", "slurm", "2h", "1:2:3", "?" * 300, "eyJ" * 100),
]


def test_a_config_is_a_dry_run_or_a_sentence_and_no_key_is_in_either(tmp_path: Path) -> None:
    env = {"HOME": "/h", "FUZZ_API_KEY": KEY}
    file = tmp_path / "c.yaml"
    planned = 0
    for rng in cases(250):
        config = copy.deepcopy(_BASE)
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            put(config, rng, tree(rng, _CONFIG_KEYS, _CONFIG_VALUES, 2))
        data = yaml.safe_dump(config).encode()
        file.write_bytes(mutated(data, rng, _YAML) if rng.random() < 0.2 else data)
        try:
            loaded = load_config(path=file, env=env)
            said = render_plan(loaded, plan(loaded, env=env), env)
            planned += 1
        except EvaldockError as error:
            said = str(error)
        assert said and KEY not in said
    assert planned
    assert [path.name for path in tmp_path.iterdir()] == ["c.yaml"]
