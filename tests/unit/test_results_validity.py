"""What a score is worth in the light of the requests behind it (the three steps), and when there is none."""

from __future__ import annotations

from typing import Any

import pytest
from evaldock.core.catalog.measure import Direction
from evaldock.core.results.model import RequestCounts
from evaldock.core.results.validity import trusted, weigh, without_answers


def seen(ok: int, failed: int = 0, **more: Any) -> RequestCounts:
    """What the proxy counted: one answer a request unless said otherwise."""
    status = ((("200", ok),) if ok else ()) + ((("500", failed),) if failed else ())
    values: dict[str, Any] = {"answers": ok, "unanswered": 0, **more}
    return RequestCounts(ok + failed, ok, status, **values)


CUT: dict[str, Any] = {"finish_reasons": (("length", 2), ("stop", 18))}


def test_a_few_cut_answers_are_said() -> None:
    counts = seen(500, finish_reasons=(("length", 3), ("stop", 497)))
    assert weigh(counts, 500, 500) == ("valid", ["3 of 500 answers were cut off by the token limit."])


REMEDY = (
    "give the interceptor `reasoning` add_reasoning: false and migrate_reasoning_content: true, or end the server's "
    "reasoning parser."
)


ALONE = "with text in reasoning_content alone"
BLANK = "see what the server's chat template and its parsers leave of them."


@pytest.mark.parametrize(
    ("counts", "notes"),
    [
        (seen(198, empty=198, thought=198), [f"198 of 198 answers were empty, {ALONE}: {REMEDY}"]),
        (seen(198, empty=4, thought=3), [f"4 of 198 answers were empty, 3 of them {ALONE}: {REMEDY}"]),
        (seen(50, empty=1), [f"1 of 50 answers was empty: {BLANK}"]),
    ],
)
def test_empty_answers_are_suspect_with_a_remedy(counts: RequestCounts, notes: list[str]) -> None:
    assert weigh(counts, counts.ok, counts.ok) == ("suspect", notes)
    assert weigh(counts, counts.ok, counts.ok, suspect=1.0) == ("valid", notes), "the share is a setting"


def test_a_few_empty_answers_are_said() -> None:
    assert weigh(seen(500, empty=5), 500, 500)[0] == "valid"
    assert weigh(seen(500, empty=6), 500, 500)[0] == "suspect"


def test_without_finish_reason_cuts_are_unverified() -> None:
    notes = ["30 of 30 answers have no finish_reason: unverified whether they were cut off."]
    assert weigh(seen(30, cut=0, unended=30), 30, 30) == ("valid", notes)


def test_what_the_proxy_counts_as_cut_goes_before_finish_reasons() -> None:
    """Requests for probabilities end for length, all of them."""
    assert weigh(seen(20, cut=0, **CUT), 20, 20) == ("valid", [])


SCORED = "36 of 730 unanswered were scored 0: at most +4.9 pp."
COUNTED = "36 of 730 unanswered are counted in the score: at most 4.9 pp to either side."


@pytest.mark.parametrize(
    ("counts", "expected", "n", "share", "words"),
    [
        (seen(694, 36, unanswered=36), 730, 730, Direction.HIGHER, SCORED),
        (seen(694, 36, unanswered=36), None, 730, Direction.HIGHER, SCORED),
        (seen(694), 730, 730, Direction.HIGHER, SCORED),
        (seen(694), 730, 730, Direction.LOWER, COUNTED),
        (seen(694), 730, 694, Direction.HIGHER, ""),
        (seen(694), 730, None, Direction.HIGHER, ""),
        (seen(694), 730, 730, None, ""),
        (seen(730, 3, unanswered=3), None, 730, Direction.HIGHER, ""),
    ],
)
def test_failures_that_a_harness_scored_are_said(
    counts: RequestCounts, expected: int | None, n: int | None, share: Direction | None, words: str
) -> None:
    said = " ".join(weigh(counts, expected, n, share=share)[1])
    assert (words in said) if words else ("unanswered" not in said), said


@pytest.mark.parametrize(
    ("counts", "expected", "n", "validity", "words"),
    [
        (None, 20, 20, "valid", ""),
        (seen(20), 20, 20, "valid", ""),
        (seen(20), None, None, "valid", ""),
        (seen(20, **CUT), 20, 20, "suspect", "2 of 20 answers were cut off by the token limit."),
        (
            seen(20, finish_reasons=(("length", 1),)),
            20,
            20,
            "suspect",
            "1 of 20 answers was cut off by",
        ),
        (seen(500, finish_reasons=(("length", 6),)), 500, 500, "suspect", "6 of 500 answers were cut off"),
        (seen(20, passed_over=2), 20, 20, "suspect", "An interceptor failed 2 times and was passed over."),
        (seen(20, 3), 20, 20, "suspect", "3 of its 23 requests to the endpoint failed (HTTP status 3 x 500), and were"),
        (
            seen(20, 3, unanswered=3),
            20,
            20,
            "suspect",
            "(HTTP status 3 x 500), but there are as many answers as samples.",
        ),
        (seen(20, 3, unanswered=3), None, 20, "suspect", "3 requests never got an answer (HTTP status 3 x 500), but"),
        (seen(20, 3, unanswered=3), None, 23, "invalid", "3 requests never got an answer (HTTP status 3 x 500)."),
        (seen(20, 3, unanswered=1), None, None, "invalid", "1 request never got an answer"),
        (seen(18, 2, unanswered=2), 20, 20, "invalid", "Only 18 of 20 samples were answered (HTTP status 2 x 500)."),
        (seen(18), 20, 20, "invalid", "Only 18 of 20 samples were answered."),
        (seen(18), 20, None, "suspect", "Only 18 of 20 samples were answered."),
        (seen(18), 500, 18, "valid", ""),
        (seen(5, answers=20), 20, 20, "valid", ""),
        (seen(40), 20, 20, "valid", ""),
        (seen(18, gaps=1), 20, 20, "suspect", "The proxy had to be restarted meanwhile"),
        (seen(18, 2, unanswered=2, gaps=1), None, None, "suspect", "The proxy had to be restarted meanwhile"),
        (RequestCounts(20, 20, (("200", 20),)), 20, 20, "valid", ""),
        (RequestCounts(23, 20, (("200", 20), ("429", 3))), 20, 20, "suspect", "3 of its 23 requests"),
        (RequestCounts(20, 17, (("200", 17), ("429", 3))), 20, 20, "invalid", "Only 17 of 20 samples were answered"),
        (RequestCounts(20, 17, (("200", 17), ("429", 3))), None, 20, "invalid", "3 of its 20 requests"),
    ],
)
def test_the_three_steps(
    counts: RequestCounts | None, expected: int | None, n: int | None, validity: str, words: str
) -> None:
    found, notes = weigh(counts, expected, n)
    assert found == validity, notes
    assert words in " ".join(notes)
    assert bool(notes) == (validity != "valid")


def test_a_job_without_answers_has_no_score() -> None:
    assert without_answers(None) is None
    assert without_answers(seen(1, 5)) is None
    nothing = without_answers(RequestCounts(answers=0, unanswered=0))
    assert nothing is not None and (nothing.reason, "sent no request" in nothing.detail) == ("no_valid_requests", True)
    failed = without_answers(seen(0, 3))
    assert failed is not None and failed.reason == "no_valid_requests"
    assert failed.detail.startswith("None of its 3 requests to the endpoint succeeded (HTTP status 3 x 500)")
    said = without_answers(seen(0, 3, last_error="The endpoint answered 500: no such model"))
    assert said is not None and said.detail.endswith(" nothing. The endpoint answered 500: no such model.")
    models_only = without_answers(RequestCounts(4, 1, (("200", 1), ("404", 3)), answers=0, unanswered=3))
    assert models_only is not None, "a list of models is no answer to a sample"
    key = without_answers(seen(0, 3, refused="The endpoint rejected the API key (401)"))
    assert key is not None
    assert (key.reason, key.detail) == ("unauthorized", "The endpoint rejected the API key (401).")


def test_the_proxy_is_believed_unless_the_harness_went_past_it() -> None:
    harness = RequestCounts(20, 20, (("200", 20),))
    assert trusted(None, harness) is harness
    assert trusted(seen(5), harness) == seen(5)
    assert trusted(seen(0), harness) is harness
    assert trusted(seen(0), None) == seen(0)
    assert trusted(seen(0, 3), harness) == seen(0, 3)
