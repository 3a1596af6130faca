"""Whether the requests behind a score bear it: the proxy's counts against what the harness made of them."""

from __future__ import annotations

from dataclasses import replace

from .counts import all_failed
from .model import JobResult, NoResult, RequestCounts

_TRUNCATED_LIMIT = 0.05


def judge(result: JobResult | NoResult, seen: RequestCounts, samples: int | None) -> JobResult | NoResult:
    """`result` in the light of what the proxy saw of its attempt.

    Three steps. Valid: nothing to say. Suspect (`valid`, with a `why`): over 5 % of the answers were cut off, or
    requests failed although every sample was answered in the end. Invalid: samples without an answer. No successful
    request at all is no result, unless the harness itself counted some: then it went past the proxy.
    """
    if isinstance(result, NoResult):
        return replace(result, requests=seen) if seen.total else result
    if seen.total == 0:
        if result.requests is not None and result.requests.ok > 0:
            return result
        return NoResult("no_valid_requests", "It sent no request to the endpoint: its scores mean nothing.", seen)
    if sentence := all_failed(seen):
        return NoResult("no_valid_requests", sentence, seen)
    if result.score is None:
        return replace(result, requests=seen)
    notes = [result.score.why] if result.score.why and result.score.valid else []
    valid = True
    if samples is not None and seen.ok < samples:
        valid = False
        notes.append(f"Only {seen.ok} of {samples} samples were answered.")
    elif seen.ok < seen.total:
        notes.append(f"{seen.total - seen.ok} of {seen.total} requests failed.")
    truncated = dict(seen.finish_reasons).get("length", 0)
    if truncated > _TRUNCATED_LIMIT * seen.ok:
        notes.append(f"{truncated} of {seen.ok} answers were cut off by the token limit.")
    return replace(result, requests=seen, score=replace(result.score, valid=valid, why=" ".join(notes)))
