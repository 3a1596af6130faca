"""Whether the requests behind a score bear it."""

from __future__ import annotations

from ..catalog.measure import Direction
from .counts import codes, none_succeeded, number_of, told
from .model import NoResult, RequestCounts, Validity

SUSPECT = 0.01
"""The share of cut or empty answers above which a score is suspect, unless the config says another."""
_REMEDY = (
    "give the interceptor `reasoning` add_reasoning: false and migrate_reasoning_content: true, or end the server's "
    "reasoning parser"
)


def trusted(seen: RequestCounts | None, counted: RequestCounts | None) -> RequestCounts | None:
    """The counts to judge by: those of the proxy, unless the harness counted answers and went past it."""
    past = seen is not None and seen.total == 0 and counted is not None and counted.ok > 0
    return counted if seen is None or past else seen


def without_answers(counts: RequestCounts | None) -> NoResult | None:
    """The verdict on a job of which no request succeeded; its score would be a false zero. None for any other."""
    if counts is None or counts.answered > 0:
        return None
    if counts.refused:
        return NoResult("unauthorized", f"{counts.refused.rstrip('.')}.", counts)
    if counts.total == 0:
        return NoResult("no_valid_requests", "It sent no request to the endpoint: its scores mean nothing.", counts)
    sentence = f"N{none_succeeded(counts)}: its scores mean nothing.{told(counts)}"
    return NoResult("no_valid_requests", sentence, counts)


def weigh(
    counts: RequestCounts | None,
    expected: int | None,
    n: int | None,
    *,
    unseen: bool = False,
    suspect: float = SUSPECT,
    share: Direction | None = None,
) -> tuple[Validity, list[str]]:
    """What a score is worth, and sentences that say why.

    `expected` is how many samples were to be answered, `n` how many are behind the score; None where not known.
    Invalid: samples have no answer. Suspect: a larger share than `suspect` of the answers was cut off or is empty,
    requests failed although every sample was answered in the end, or an interceptor did not do its work. `unseen`: the
    proxy saw no request, and `counts` are only what the container says of itself; then no score is more than suspect.
    `share` is the direction of a score that is a share of its samples, None for any other.
    """
    if counts is None:
        return "valid", []
    validity, notes = _answered(counts, expected, n, share)
    doubts: list[str] = []
    if unseen:
        doubts.append("The proxy saw no request of it: only the task itself says that there were answers.")
    for number, sentence in ((counts.cut_off, _cut(counts)), (counts.empty, _empty(counts))):
        if number:
            (doubts if number > suspect * max(1, counts.answered) else notes).append(sentence)
    if counts.unended:
        was = "it was" if counts.unended == 1 else "they were"
        notes.append(f"{_of(counts.unended, counts)} no finish_reason: unverified whether {was} cut off.")
    if counts.passed_over:
        times = "once" if counts.passed_over == 1 else f"{counts.passed_over} times"
        doubts.append(f"An interceptor failed {times} and was passed over.")
    return "suspect" if doubts and validity == "valid" else validity, notes + doubts


def _cut(counts: RequestCounts) -> str:
    return f"{_of(counts.cut_off, counts, 'was', 'were')} cut off by the token limit."


def _empty(counts: RequestCounts) -> str:
    said = f"{_of(counts.empty, counts, 'was', 'were')} empty"
    if not counts.thought:
        return f"{said}: see what the server's chat template and its parsers leave of them."
    some = "" if counts.thought == counts.empty else f"{counts.thought} of them "
    return f"{said}, {some}with text in reasoning_content alone: {_REMEDY}."


def _of(number: int, counts: RequestCounts, one: str = "has", many: str = "have") -> str:
    return f"{number} of {counts.answered} answers {one if number == 1 else many}"


def _answered(
    counts: RequestCounts, expected: int | None, n: int | None, share: Direction | None
) -> tuple[Validity, list[str]]:
    failed = counts.total - counts.ok
    # A data set may be smaller than the number asked for.
    wanted = min(expected, n) if expected is not None and n is not None else expected
    if wanted is not None and counts.answered < wanted:
        sentence = f"Only {counts.answered} of {wanted} samples were answered{codes(counts)}."
        sure = (failed or n is not None) and not counts.gaps
        scored = [] if n is None else _scored(wanted - counts.answered, wanted, share)
        return ("invalid" if sure else "suspect"), [sentence, *scored, *_gap(counts)]
    if counts.unanswered:
        samples = wanted if wanted is not None else n
        # A harness may try out what an endpoint can do, and go on without what it cannot.
        enough = samples is not None and counts.answered >= samples
        more = ", but there are as many answers as samples" if enough else ""
        sentence = f"{number_of(counts.unanswered)} never got an answer{codes(counts)}{more}."
        missing = 0 if n is None else min(counts.unanswered, n - counts.answered)
        return ("suspect" if enough or counts.gaps else "invalid"), [
            sentence,
            *_scored(missing, n, share),
            *_gap(counts),
        ]
    if not failed:
        return "valid", []
    sentence = f"{failed} of its {number_of(counts.total)} to the endpoint failed{codes(counts)}"
    if counts.unanswered is None and wanted is None:
        # Nobody knows whether they were repeated.
        return "invalid", [f"{sentence}."]
    return "suspect", [f"{sentence}, and were answered when they were repeated."]


def _scored(missing: int, n: int | None, share: Direction | None) -> list[str]:
    """What samples without an answer do to a score that counts them in: they scored as wrong ones."""
    if not n or share is None or missing <= 0:
        return []
    points = f"{100 * missing / n:.1f} pp"
    if share is Direction.HIGHER:
        return [f"{missing} of {n} unanswered were scored 0: at most +{points}."]
    return [f"{missing} of {n} unanswered are counted in the score: at most {points} to either side."]


def _gap(counts: RequestCounts) -> list[str]:
    return ["The proxy had to be restarted meanwhile, and lost some counts."] if counts.gaps else []
