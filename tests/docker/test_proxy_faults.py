"""What becomes of a job whose endpoint fails: right counters, state and sentence, and no score where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from evaldock.core.run.events import JobState, Reason

from .conftest import Bench
from .proxied import HALF, KEY, NEVER, OK, RESET, Answer, Script, endpoint, figures, plan_for, status

ASK = {"requests": 6, "interval": 0.01, "uncounted": True}


@dataclass(frozen=True)
class Case:
    """An endpoint and what its job must come to; `attempts` are the endpoint's answers by status."""

    script: Script
    state: JobState
    words: str
    attempts: dict[str, int]
    counts: dict[str, int]
    reason: Reason | None = None
    validity: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


def always(answer: Answer) -> Script:
    """The same answer to everything."""
    return lambda _sample, _before: answer


def first(answer: Answer, times: int = 1) -> Script:
    """`answer` to each sample for the first times, then a good one."""
    return lambda _sample, before: answer if before < times else OK


def only(sample: str, answer: Answer) -> Script:
    """`answer` to one sample always."""
    return lambda asked, _before: answer if asked == sample else OK


FAILED, DONE = JobState.FAILED, JobState.SUCCEEDED
NOTHING = Reason.NO_VALID_REQUESTS
CASES = {
    "404 always": Case(
        always(status(404, "no such model")), FAILED, "None of its 6 requests to the endpoint succeeded (HTTP status "
        "6 x 404): its scores mean nothing. The endpoint answered 404 to POST /v1/chat/completions: no such model.",
        {"404": 6}, {"sent": 6, "failed": 6, "unanswered": 6}, NOTHING,
    ),
    "429 with Retry-After, then answers": Case(
        first(status(429, "slow down", Retry_After="0.05")), DONE, "", {"200": 6, "429": 6},
        {"sent": 6, "ok": 6, "failed": 0, "retried": 6, "answers": 6}, validity="valid",
    ),
    "429 always": Case(
        always(status(429, "slow down", Retry_After="0")), FAILED, "(HTTP status 6 x 429)", {"429": 18},
        {"failed": 6, "retried": 12}, NOTHING,
    ),
    "500 always": Case(
        always(status(500, "oh")), FAILED, "(HTTP status 6 x 500)", {"500": 18}, {"failed": 6, "retried": 12}, NOTHING
    ),
    "500 once each": Case(
        first(status(500)), DONE, "", {"200": 6, "500": 6}, {"ok": 6, "failed": 0, "retried": 6}, validity="valid"
    ),
    "reset always": Case(
        always(RESET), FAILED, "(HTTP status 6 x 502)", {"none": 18}, {"failed": 6, "retried": 12}, NOTHING
    ),
    "reset once each": Case(
        first(RESET), DONE, "", {"200": 6, "none": 6}, {"ok": 6, "retried": 6}, validity="valid"
    ),
    "half an answer once each": Case(
        first(HALF), DONE, "", {"200": 6, "none": 6}, {"ok": 6, "retried": 6}, validity="valid"
    ),
    "half an answer always": Case(
        always(HALF), FAILED, "(HTTP status 6 x 502)", {"none": 18}, {"failed": 6}, NOTHING
    ),
    "never an answer": Case(
        always(NEVER), FAILED, "(HTTP status 6 x 504)", {"none": 12}, {"failed": 6}, NOTHING,
        options={"request_timeout": 0.1, "max_retries": 1},
    ),
    "one sample without an answer": Case(
        only("sample 3", status(400, "too long")), DONE, "Only 5 of 6 samples were answered (HTTP status 1 x 400).",
        {"200": 5, "400": 1}, {"ok": 5, "failed": 1, "unanswered": 1}, validity="invalid",
    ),
    "answered when the harness asked again": Case(
        first(status(404)), DONE, "6 of its 12 requests to the endpoint failed (HTTP status 6 x 404), and were ",
        {"200": 6, "404": 6}, {"sent": 12, "ok": 6, "failed": 6, "unanswered": 0}, validity="suspect",
    ),
    "answers cut off": Case(
        always(Answer(body={"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]})), DONE,
        "6 of 6 answers were cut off by the token limit.", {"200": 6}, {"ok": 6}, validity="suspect",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_endpoint_that_fails(bench: Bench, name: str) -> None:
    case = CASES[name]
    behaviour = {**ASK, "request_tries": 2} if "asked again" in name else ASK
    with endpoint(case.script) as at:
        run, state = bench.finish(plan_for(bench, at, behaviour, samples=6, **case.options), {"API_KEY": KEY})
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason) == (case.state, case.reason), view.detail
    counted = figures(run)
    assert counted["attempts"] == case.attempts
    assert {key: counted[key] for key in case.counts} == case.counts
    if case.validity is None:
        assert view.score is None, "no score where there is none"
        assert case.words in view.detail
    else:
        assert view.score is not None
        assert view.score.validity == case.validity, view.score
        assert case.words in view.score.why
    log = run.paths.job("t0").stdout.read_text().splitlines()
    answered = [line.split(":")[0] for line in log if line.startswith("answered ")]
    assert len(answered) == len(set(answered)) == sum(at.answered.values()), "no sample is answered twice"


def test_a_refused_key_ends_the_job_early_with_the_reason(bench: Bench) -> None:
    with endpoint(status(401, f"Incorrect API key provided: {KEY}")) as at:
        plan = plan_for(bench, at, {**ASK, "requests": 2000}, samples=2000)
        run, state = bench.finish(plan, {"API_KEY": KEY})
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason, view.score) == (FAILED, Reason.UNAUTHORIZED, None)
    assert "rejected the API key in the variable API_KEY (401)" in view.detail
    assert KEY not in view.detail
    assert 3 <= sum(at.asked.values()) < 2000


@pytest.mark.parametrize(
    ("name", "env", "words"),
    [
        (None, {}, "wants an API key (401) and none is named"),
        ("API_KEY", {"API_KEY": ""}, "wants an API key (401) and the variable API_KEY is empty"),
    ],
)
def test_a_missing_and_an_empty_key_are_told_apart(
    bench: Bench, name: str | None, env: dict[str, str], words: str
) -> None:
    with endpoint(status(401)) as at:
        run, state = bench.finish(plan_for(bench, at, {**ASK, "requests": 1}, key=name), env)
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason) == (FAILED, Reason.UNAUTHORIZED)
    assert words in view.detail


def test_a_key_that_is_not_set_fails_the_job_before_it_starts(bench: Bench) -> None:
    with endpoint() as at:
        run, state = bench.finish(plan_for(bench, at, ASK), {})
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason) == (FAILED, Reason.START_FAILED)
    assert "Not set in evaldock's environment: API_KEY" in view.detail
    assert not at.asked


def test_an_interceptor_ends_a_job_that_can_only_fail(bench: Bench) -> None:
    adapter = {"interceptors": ["raise_client_errors"]}
    with endpoint(only("sample 3", status(404, "no such model"))) as at:
        plan = plan_for(bench, at, {**ASK, "requests": 2000}, adapter=adapter, samples=2000)
        run, state = bench.finish(plan, {"API_KEY": KEY})
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason, view.score) == (FAILED, Reason.INTERCEPTOR, None)
    assert "The endpoint answered 404 to POST /v1/chat/completions: no such model" in view.detail
    assert sum(at.asked.values()) < 2000
    counted: Any = view.requests
    assert counted is not None and counted["ok"] >= 2


def test_a_task_that_asks_nothing_has_no_score(bench: Bench) -> None:
    with endpoint() as at:
        run, state = bench.finish(plan_for(bench, at, {"uncounted": True}), {"API_KEY": KEY})
    view = state.jobs[run.plan.jobs[0].id]
    assert (view.state, view.reason) == (FAILED, NOTHING)
    assert "It sent no request to the endpoint" in view.detail
