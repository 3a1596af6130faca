"""What an ending means, case by case (the fault matrix's terminal states)."""

import pytest
from evaldock.core.engine.docker.errors import create_problem, pull_problem
from evaldock.core.engine.docker.pull import describe, note_layer, split_tag
from evaldock.core.engine.executor import Exit, Pulling
from evaldock.core.engine.outcome import Ending, decide
from evaldock.core.results.model import JobResult, NoResult, RequestCounts, Score
from evaldock.core.run.events import JobState, Reason

RESULT = JobResult(score=Score("acc", 0.5, 0.1, 10))
NOTHING = NoResult("no_results", "no results.yml")
BAD_REQUESTS = NoResult("no_valid_requests", "all 3 requests got 404", RequestCounts(3, 0, (("404", 3),)))


@pytest.mark.parametrize(
    ("end", "state", "reason"),
    [
        (Ending(Exit(0), RESULT), JobState.SUCCEEDED, None),
        (Ending(Exit(0), NOTHING), JobState.FAILED, Reason.NO_RESULTS),
        (Ending(Exit(0), BAD_REQUESTS), JobState.FAILED, Reason.NO_VALID_REQUESTS),
        (Ending(Exit(3), RESULT), JobState.FAILED, Reason.EXIT_NONZERO),
        (Ending(Exit(137), NOTHING), JobState.FAILED, Reason.SIGNAL),
        (Ending(Exit(143), NOTHING), JobState.FAILED, Reason.SIGNAL),
        (Ending(Exit(143), NOTHING, kill_level=1), JobState.KILLED, Reason.USER),
        (Ending(Exit(1), NOTHING, kill_level=1), JobState.KILLED, Reason.USER),
        (Ending(Exit(0), RESULT, kill_level=1), JobState.SUCCEEDED, None),
        (Ending(Exit(0), NOTHING, kill_level=1), JobState.KILLED, Reason.USER),
        (Ending(Exit(0), RESULT, kill_level=1, interrupted=True), JobState.KILLED, Reason.USER),
        (Ending(Exit(0), RESULT, interrupted=True), JobState.FAILED, Reason.INTERRUPTED),
        (Ending(Exit(143), NOTHING, timed_out=5.0), JobState.FAILED, Reason.TIMEOUT),
        (Ending(Exit(143), NOTHING, kill_level=1, timed_out=5.0), JobState.KILLED, Reason.USER),
        (Ending(Exit(137, oom=True), NOTHING), JobState.FAILED, Reason.OOM),
        (Ending(Exit(3, oom=True), RESULT), JobState.FAILED, Reason.OOM),
        (Ending(Exit(0, oom=True), RESULT), JobState.SUCCEEDED, None),
        (Ending(Exit(143, outage=True), NOTHING), JobState.FAILED, Reason.DAEMON_STOPPED),
        (Ending(Exit(42, outage=True), NOTHING), JobState.FAILED, Reason.EXIT_NONZERO),
        (Ending(Exit(255), NOTHING, rebooted=True), JobState.LOST, Reason.HOST_REBOOT),
        (Ending(None, NOTHING), JobState.LOST, Reason.REMOVED),
        (Ending(None, NOTHING, kill_level=2), JobState.KILLED, Reason.USER),
        (Ending(Exit(1, silent=True), NOTHING), JobState.FAILED, Reason.EXIT_NONZERO),
        (Ending(Exit(127, error="exec: not found"), NOTHING), JobState.FAILED, Reason.START_FAILED),
    ],
)
def test_an_ending_has_one_meaning(end: Ending, state: JobState, reason: Reason | None) -> None:
    outcome = decide(end)
    assert (outcome.state, outcome.reason) == (state, reason)


def test_a_success_carries_its_score_and_a_failure_none() -> None:
    assert decide(Ending(Exit(0), RESULT)).score == Score("acc", 0.5, 0.1, 10)
    failed = decide(Ending(Exit(0), BAD_REQUESTS))
    assert failed.score is None
    assert failed.requests is not None and failed.requests["total"] == 3
    assert decide(Ending(Exit(1), RESULT)).score is None
    assert decide(Ending(Exit(1), NOTHING)).detail == "exit 1: the end of its log says why"
    assert decide(Ending(Exit(1), NOTHING, failing="ValueError: no")).detail == "exit 1: ValueError: no"
    assert decide(Ending(Exit(1, silent=True), NOTHING)).detail == "exit 1: it printed nothing"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("manifest for x/y:1 not found: manifest unknown", Reason.IMAGE_NOT_FOUND),
        (
            "pull access denied for x, repository does not exist or may require 'docker login'",
            Reason.PULL_AUTH,
        ),
        ("Head ...: no basic auth credentials", Reason.PULL_AUTH),
        ("dial tcp: lookup registry on 10.0.0.1:53: no such host", Reason.PULL_NETWORK),
        ("dial tcp 127.0.0.1:5000: connect: connection refused", Reason.PULL_NETWORK),
        ("write /var/lib/docker: no space left on device", Reason.DISK_FULL),
        ("invalid reference format", Reason.IMAGE_NOT_FOUND),
    ],
)
def test_pull_errors_are_told_apart(text: str, reason: Reason) -> None:
    problem = pull_problem(text, "x/y:1")
    assert problem.reason is reason
    assert "x/y:1" in problem.detail


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("No such image: x:latest", Reason.IMAGE_NOT_FOUND),
        ("driver failed: bind: address already in use", Reason.PORT_CONFLICT),
        ('could not select device driver "" with capabilities: [[gpu]]', Reason.START_FAILED),
        ("mkdir /var/lib/docker/x: no space left on device", Reason.DISK_FULL),
        ('exec: "sh": executable file not found in $PATH', Reason.START_FAILED),
    ],
)
def test_start_errors_are_told_apart(text: str, reason: Reason) -> None:
    assert create_problem(text, "x").reason is reason


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("busybox", ("busybox", "latest")),
        ("localhost:5000/a/b", ("localhost:5000/a/b", "latest")),
        ("localhost:5000/a/b:1", ("localhost:5000/a/b", "1")),
        ("nvcr.io/x@sha256:ab", ("nvcr.io/x", "sha256:ab")),
    ],
)
def test_an_image_name_is_split_as_docker_splits_it(image: str, parts: tuple[str, str]) -> None:
    assert split_tag(image) == parts


def test_pull_progress_counts_layers_and_bytes() -> None:
    layers: dict[str, tuple[int, int]] = {}
    finished: set[str] = set()
    note_layer({"status": "Pulling from library/x", "id": "latest"}, layers, finished)
    assert describe(layers, finished) == Pulling("asking the registry")
    note_layer({"status": "Pulling fs layer", "id": "a"}, layers, finished)
    note_layer(
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 1e6, "total": 4e6}},
        layers,
        finished,
    )
    note_layer({"status": "Already exists", "id": "b"}, layers, finished)
    assert describe(layers, finished) == Pulling("layer 1/2, 1/4 MB", 1_000_000, 4_000_000)
    note_layer({"status": "Pull complete", "id": "a"}, layers, finished)
    assert describe(layers, finished) == Pulling("layer 2/2, 4/4 MB", 4_000_000, 4_000_000)
