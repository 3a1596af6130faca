from __future__ import annotations

import json
import logging
import multiprocessing
import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from evaldock.core.proxy import cache
from evaldock.core.proxy.cache import Answer, AnswerStore, answer_key, open_store
from evaldock.core.proxy.exchange import Exchange, JobScope, Reply
from evaldock.core.proxy.interceptors.caching import Caching, cache_directory
from evaldock.core.proxy.sse import SseParser, make_event

URL = "http://127.0.0.1:1/v1/chat/completions"
GREEDY = {"model": "m", "temperature": 0, "messages": [{"role": "user", "content": "hi"}]}
SAMPLED = {**GREEDY, "temperature": 0.7}
GOOD = b'{"choices":[{"message":{"content":"hello"}}]}'


def sample(number: int) -> bytes:
    """One of several answers."""
    return b'{"choices":[{"message":{"content":"%d"}}]}' % number


def scope(run: Path) -> JobScope:
    return JobScope("j", "ifeval", run / "job", run, URL)


def exchange(body: object, run: Path = Path("/r")) -> Exchange:
    return Exchange("0" * 12, scope(run), "POST", "/v1/chat/completions", "", {}, json.dumps(body).encode())


def ask(one: Caching, body: object, answer: bytes = GOOD, status: int = 200) -> bytes | None:
    """One request through the cache; None when it went to the endpoint."""
    x = exchange(body)
    found = one.request(x)
    if found is None:
        one.response(x, Reply(status, {"content-type": "application/json", "set-cookie": "a=b"}, answer))
        return None
    return found.body


def test_the_key_knows_the_endpoint_and_not_the_order_of_keys() -> None:
    key = answer_key("POST", "/a", "", URL, {"a": 1, "b": [1, 2]})
    assert key == answer_key("POST", "/a", "", URL, {"b": [1, 2], "a": 1})
    assert key == answer_key(
        "POST", "/a", "", "http://u:p@127.0.0.1:1/v1/chat/completions?key=x", {"b": [1, 2], "a": 1}
    )
    others = [
        answer_key("PUT", "/a", "", URL, {"a": 1, "b": [1, 2]}),
        answer_key("POST", "/b", "", URL, {"a": 1, "b": [1, 2]}),
        answer_key("POST", "/a", "q", URL, {"a": 1, "b": [1, 2]}),
        answer_key("POST", "/a", "", "http://127.0.0.1:2/v1/chat/completions", {"a": 1, "b": [1, 2]}),
        answer_key("POST", "/a", "", URL, {"a": 1, "b": [2, 1]}),
        answer_key("POST", "/a", "", URL, b'{"a":1,"b":[1,2]}'),
        answer_key("POST", "/a", "", URL, {"a": "\ud800"}),
        answer_key("POST", "/a", "", URL, {"a": 1, "b": [1, 2]}, {"x-config": "1"}),
        answer_key("POST", "/a", "", URL, {"a": 1, "b": [1, 2]}, {"x-config": "2"}),
    ]
    assert len({key, *others}) == 10


def test_an_answer_to_other_headers_is_another_answer(tmp_path: Path) -> None:
    one = Caching({"cache_dir": str(tmp_path)}, scope(tmp_path))
    poisoned = exchange(GREEDY)
    poisoned.headers |= {"x-portkey-config": "mine"}
    assert one.request(poisoned) is None
    one.response(poisoned, Reply(200, {"content-type": "application/json"}, GOOD))
    assert one.request(exchange(GREEDY)) is None
    neutral = exchange(GREEDY)
    neutral.headers |= {"x-portkey-config": "mine", "user-agent": "other", "x-request-id": "7"}
    assert one.request(neutral) is not None
    one.close()


def test_a_second_run_is_served_from_the_first(tmp_path: Path) -> None:
    settings: dict[str, object] = {"cache_dir": "./shared"}
    first = Caching(settings, scope(tmp_path / "run1"))
    assert ask(first, GREEDY) is None
    assert ask(first, GREEDY) == GOOD
    first.close()
    second = Caching(settings, scope(tmp_path / "run2"))
    x = exchange(GREEDY)
    found = second.request(x)
    assert found is not None and found.cached and found.status == 200
    assert found.headers == {"content-type": "application/json"}
    second.response(x, found)
    second.close()
    assert (tmp_path / "shared" / cache.FILE).exists()
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "shared" / cache.FILE).stat().st_mode) == 0o600


def test_repeated_samples_stay_samples_and_are_all_there_the_next_time(tmp_path: Path) -> None:
    settings: dict[str, object] = {"cache_dir": str(tmp_path / "c")}
    answers = [sample(n) for n in (1, 2, 3)]
    first = Caching(settings, scope(tmp_path / "run1"))
    assert [ask(first, SAMPLED, answer) for answer in answers] == [None] * 3
    first.close()
    second = Caching(settings, scope(tmp_path / "run2"))
    assert [ask(second, SAMPLED, sample(4)) for _ in range(4)] == [*answers, None]
    second.close()
    third = Caching({**settings, "repeats": "same"}, scope(tmp_path / "run3"))
    assert [ask(third, SAMPLED) for _ in range(2)] == [answers[0]] * 2
    third.close()


def test_a_proxy_that_takes_over_gives_an_attempt_none_of_its_own_answers_again(tmp_path: Path) -> None:
    settings: dict[str, object] = {"cache_dir": str(tmp_path / "c")}
    before = Caching(settings, scope(tmp_path))
    assert ask(before, SAMPLED, sample(1)) is None
    before.close()
    after = Caching(settings, scope(tmp_path))
    assert ask(after, SAMPLED, sample(2)) is None
    after.close()
    again = Caching(settings, replace(scope(tmp_path), attempt=2))
    assert [ask(again, SAMPLED) for _ in range(2)] == [sample(1), sample(2)]
    again.close()


@pytest.mark.parametrize("body", [{**SAMPLED, "seed": 1}, {**SAMPLED, "top_k": 1}, {**SAMPLED, "temperature": 1e-7}])
def test_a_request_with_one_right_answer_is_shared_at_once(tmp_path: Path, body: object) -> None:
    one = Caching({"cache_dir": str(tmp_path)}, scope(tmp_path))
    assert [ask(one, body), ask(one, body)] == [None, GOOD]
    one.close()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, GOOD),
        (201, GOOD),
        (200, b"half an ans"),
        (200, b""),
        (200, b'{"error": {"message": "overloaded"}}'),
        (200, b"[]"),
    ],
)
def test_only_complete_answers_of_status_200_are_kept(tmp_path: Path, status: int, answer: bytes) -> None:
    one = Caching({"cache_dir": str(tmp_path)}, scope(tmp_path))
    assert [ask(one, GREEDY, answer, status), ask(one, GREEDY)] == [None, None]
    one.close()


def test_other_methods_pass_by(tmp_path: Path) -> None:
    one = Caching({}, scope(tmp_path))
    x = Exchange("0" * 12, scope(tmp_path), "GET", "/v1/models", "", {}, b"")
    assert one.request(x) is None
    one.response(x, Reply(200, {}, GOOD))
    assert one.request(x) is None
    one.close()


def test_settings_say_what_is_read_and_kept(tmp_path: Path) -> None:
    directory = str(tmp_path)
    fresh = Caching({"cache_dir": directory, "reuse_cached_responses": False}, scope(tmp_path))
    assert [ask(fresh, GREEDY), ask(fresh, GREEDY)] == [None, None]
    fresh.close()
    reading = Caching({"cache_dir": directory, "save_responses": False}, scope(tmp_path))
    assert [ask(reading, GREEDY), ask(reading, {"a": 1}), ask(reading, {"a": 1})] == [GOOD, None, None]
    reading.close()
    few = Caching(
        {"cache_dir": directory, "max_saved_responses": 1, "save_requests": True, "max_saved_requests": 2},
        scope(tmp_path),
    )
    bodies = [{"temperature": 0, "n": n} for n in range(3)]
    assert [ask(few, body) for body in bodies] == [None] * 3
    assert [ask(few, body) for body in bodies] == [GOOD, None, None]
    few.close()
    with sqlite3.connect(tmp_path / cache.FILE) as connection:
        assert len(connection.execute("SELECT * FROM requests").fetchall()) == 2
    connection.close()


STREAM = make_event('{"choices":[{"delta":{"content":"hi"}}]}').raw + make_event("[DONE]").raw


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (STREAM, True),
        (b": comment\r\n\r\n" + STREAM, True),
        (make_event('{"type":"x"}', "response.completed").raw, True),
        (make_event('{"choices":[]}').raw, False),
        (make_event('{"error":{"message":"overloaded"}}').raw + STREAM, False),
        (make_event("x", "error").raw + STREAM, False),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_complete_streams_are_kept_byte_by_byte(tmp_path: Path, raw: bytes, kept: bool, at_once: bool) -> None:
    one = Caching({"cache_dir": str(tmp_path)}, scope(tmp_path))
    x = exchange(GREEDY)
    assert one.request(x) is None
    if at_once:
        one.response(x, Reply(200, {"content-type": "text/event-stream"}, raw))
    else:
        passing, parser = one.stream(x), SseParser()
        assert passing is not None
        events = [*parser.feed(raw), *parser.end()]
        assert [e for event in events for e in passing.feed(event)] == events
        assert passing.end() == []
    found = one.request(exchange(GREEDY))
    assert (found is not None and found.streamed and found.body == raw) is kept
    one.close()


def test_a_stream_that_breaks_off_is_not_kept(tmp_path: Path) -> None:
    one = Caching({"cache_dir": str(tmp_path)}, scope(tmp_path))
    x = exchange(GREEDY)
    one.request(x)
    passing = one.stream(x)
    assert passing is not None
    for event in SseParser().feed(STREAM):
        passing.feed(event)
    assert one.request(exchange(GREEDY)) is None
    one.close()


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("", "/out/run/cache"),
        ("./evaluation_cache", "/out/evaluation_cache"),
        ("../c", "/c"),
        ("/abs/c", "/abs/c"),
        ("/results/cache", "/out/run/cache"),
        ("/results/a/b", "/out/run/a/b"),
        ("/results", "/out/run/cache"),
        ("/results/../../etc", "/out/run/cache"),
    ],
)
def test_where_the_cache_is(setting: str, expected: str) -> None:
    assert cache_directory(setting, scope(Path("/out/run"))) == Path(expected)


def put(store: AnswerStore, key: bytes, body: bytes = GOOD) -> None:
    store.put(key, Answer({}, body), writer=b"w", shared=True)
    assert store.flush()


@pytest.mark.parametrize("damage", [b"this is no database at all" * 300, b"", None])
def test_a_damaged_file_is_set_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: bytes | None) -> None:
    store = open_store(tmp_path)
    for n in range(200):
        store.put(b"k%d" % n, Answer({}, os.urandom(500)), writer=b"w", shared=True)
    store.release()
    path = tmp_path / cache.FILE
    if damage is None:
        data = bytearray(path.read_bytes())
        data[4096:-4096] = os.urandom(len(data) - 8192)
        path.write_bytes(data)
    else:
        path.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        store = open_store(tmp_path)
        assert store.get(b"k1") is None
        put(store, b"new")
        for n in range(200):
            store.get(b"k%d" % n)
        put(store, b"new")
        assert store.get(b"new") is not None
        store.release()
    aside = [p.name for p in tmp_path.iterdir() if ".corrupt-" in p.name]
    assert bool(aside) is (damage != b"")
    assert len([r for r in caplog.records if "damaged" in r.message]) == (damage != b"")


def test_a_file_set_aside_by_another_process_is_not_set_aside_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    put(store, b"old")
    assert store.get(b"old")
    os.rename(tmp_path / cache.FILE, tmp_path / "elsewhere")
    (tmp_path / cache.FILE).touch()
    assert store._recover(ValueError("damaged"), writing=False)  # pyright: ignore[reportPrivateUsage]
    assert not [p for p in tmp_path.iterdir() if ".corrupt-" in p.name]
    store.release()


def test_a_full_disk_stops_keeping_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = open_store(tmp_path)
    put(store, b"kept")
    make = store._connect  # pyright: ignore[reportPrivateUsage]

    def limited(wait: float) -> sqlite3.Connection:
        connection = make(wait)
        connection.execute("PRAGMA max_page_count = 8")
        return connection

    store._connect = limited  # type: ignore[method-assign]  # pyright: ignore[reportPrivateUsage]
    store._generation += 1  # pyright: ignore[reportPrivateUsage]
    with caplog.at_level(logging.WARNING):
        for n in range(3):
            put(store, b"k%d" % n, os.urandom(200_000))
    assert [r.message for r in caplog.records] == [f"Nothing more is kept in the cache {store.path}: the disk is full."]
    assert store.get(b"kept") is not None
    assert store.get(b"k1") is None
    store.release()


def test_a_directory_that_cannot_be_made_costs_only_the_cache(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        one = Caching({"cache_dir": str(tmp_path / "file" / "c")}, scope(tmp_path))
        assert [ask(one, GREEDY), ask(one, GREEDY)] == [None, None]
        one.close()
    assert 1 <= len(caplog.records) <= 3


def work(directory: str, worker: int) -> None:
    store = open_store(Path(directory))
    for n in range(100):
        store.put(b"key%d" % n, Answer({"h": "v"}, b"%d" % n), writer=b"%d" % worker, shared=True)
        store.put(b"sample", Answer({}, b"%d-%d" % (worker, n)), writer=b"%d" % worker, shared=False)
        store.get(b"key%d" % n)
    store.release()


def test_several_processes_use_one_cache_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(str(tmp_path), n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * 4
    store = open_store(tmp_path)
    assert all((found := store.get(b"key%d" % n)) and found[1].body == b"%d" % n for n in range(100))
    seen: set[bytes] = set()
    nth = -1
    while found := store.get(b"sample", after=nth, not_by=b"nobody"):
        nth = found[0]
        seen.add(found[1].body)
    assert len(seen) == 400
    store.release()
    assert not [p for p in tmp_path.iterdir() if ".corrupt-" in p.name]


def test_users_of_one_directory_share_a_store(tmp_path: Path) -> None:
    one, other = open_store(tmp_path), open_store(tmp_path)
    assert one is other
    one.release()
    put(other, b"k")
    other.release()
    again = open_store(tmp_path)
    assert again is not one and again.get(b"k")
    again.release()


def test_repeats_of_a_task_never_get_each_others_answers(tmp_path: Path) -> None:
    settings: dict[str, object] = {"cache_dir": "./shared"}

    def once(run: str, repeat: int, body: object, number: int) -> bytes | None:
        made = replace(scope(tmp_path / run), job=f"j.{repeat}", repeat=repeat)
        one = Caching(settings, made)
        try:
            return ask(one, body, sample(number))
        finally:
            one.close()

    for body in (GREEDY, SAMPLED):
        assert [once("run1", repeat, body, repeat) for repeat in (1, 2, 3)] == [None, None, None]
        # Another run has the same repeats, and a task that runs once is the first of them.
        assert [once("run2", repeat, body, 9) for repeat in (3, 2, 1, 0)] == [
            sample(3),
            sample(2),
            sample(1),
            sample(1),
        ]
