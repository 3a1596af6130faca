"""What a finished job wrote into its artifacts, as one value: its scores, or why it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..catalog.measure import Direction, Measure, Unit
from .counts import COUNTS_FILE, read_counts
from .files import Missing, Unreadable, newest_match, parse_json, parse_yaml, read_bytes
from .inspect_log import parse_inspect, read_inspect
from .lm_eval import read_lm_eval
from .made import Made, made
from .measured import NOT_RUN, Source, measured
from .merge import Found, TooManyFigures, sampled
from .model import JobResult, NoResult, RequestCounts, Score
from .numbers import printable
from .plain_json import read_plain_json
from .primary import headline, named, preferred
from .results_yml import read_results_yml
from .validity import SUSPECT, trusted, weigh, without_answers


@dataclass(frozen=True)
class _Format:
    default_file: str
    parse: Callable[[bytes], object]
    read: Callable[[object], tuple[Found, ...]]


_FORMATS = {
    "results.yml": _Format("results.yml", parse_yaml, read_results_yml),
    "lm-eval": _Format("results_*.json", parse_json, read_lm_eval),
    "inspect": _Format("*.eval", parse_inspect, read_inspect),
    "json": _Format("results.json", parse_json, read_plain_json),
}


def read_results(
    artifacts: Path,
    *,
    fmt: str,
    file: str,
    task: str,
    primary_metric: str,
    samples: int | None,
    repeats: int = 1,
    seen: RequestCounts | None = None,
    harness: str = "",
    measure: Measure | None = None,
    smoke: str = "",
    suspect: float = SUSPECT,
) -> JobResult | NoResult:
    """The result of a job whose container exited with 0.

    `fmt` is a catalog ResultFormat; `file` a path inside `artifacts`, with `*` as a wildcard, "" for the format's own
    name. `task` is the catalog name, `primary_metric` the figure to show ("" for a sensible one), `samples` how many
    the config asked for, each `repeats` times. `seen` is what the proxy counted, None for a job that went without;
    `harness` and `measure` are what the catalog knows of the figures; `smoke` says that the first samples alone were
    asked, "" for all of them; `suspect` see `weigh`.
    Raises nothing for what a container wrote.

    An exit code of 0 proves nothing: a job whose requests all failed is `no_valid_requests`, and a score of whose
    samples some were not answered is invalid.
    """
    name = file or (_FORMATS[fmt].default_file if fmt in _FORMATS else "results file")
    requests = trusted(seen, _request_counts(artifacts))
    nothing = without_answers(requests)
    if nothing is not None and requests is not None and requests.total:
        return nothing
    try:
        source = Source(artifacts, harness, primary_metric, repeats, measure or Measure())
        written = read_figures(artifacts, fmt, file)
        known = measured(sampled(written), source)
        figures = sampled(known)
    except Missing:
        sentence = f"The container exited with 0, but left no results: {name} was not written to {artifacts}."
        return NoResult("no_results", sentence, requests)
    except (Unreadable, TooManyFigures) as error:
        return NoResult("no_results", f"The container's {name} {error}.", requests)
    unknown = tuple(found for found in written if found.metric.unknown)
    if not figures and not unknown:
        sentence = f"The container's {name} holds no score with samples behind it."
        return NoResult("no_results", sentence, requests)
    if nothing is not None:
        return nothing
    score = _score(figures, unknown, task, primary_metric, samples)
    if score is not None:
        expected = None if samples is None else samples * repeats
        answers = None if score.n is None else score.n * score.repeats
        unseen = seen is not None and seen.total == 0
        share = Direction(score.direction) if score.unit == Unit.FRACTION else None
        validity, notes = weigh(requests, expected, answers, unseen=unseen, suspect=suspect, share=share)
        if parts := _parts_run(known):
            notes.append(parts)
        if smoke:
            # Data sets are sorted: their first samples are no random ones.
            notes.append(f"Smoke: {smoke}.")
        if score.validity != "valid" and validity == "valid":
            validity = score.validity
        score = replace(score, validity=validity, why=" ".join([score.why, *notes] if score.why else notes))
    note = f"No figure is known: {_words(unknown[0])}." if score is None and unknown else ""
    return JobResult(tuple(found.metric for found in figures), score, requests, note)


def read_figures(artifacts: Path, fmt: str, file: str) -> tuple[Found, ...]:
    """Everything that the results file lists, also what has no samples behind it. `fmt` and `file` as above.

    Raises Missing, Unreadable, TooManyFigures.
    """
    return read_made(artifacts, fmt, file)[0]


def read_made(artifacts: Path, fmt: str, file: str) -> tuple[tuple[Found, ...], Made]:
    """As `read_figures`, and how they were made."""
    form = _format(fmt)
    tree = form.parse(read_bytes(artifacts, newest_match(artifacts, file or form.default_file)))
    return form.read(tree), made(fmt, tree)


def results_file(artifacts: Path, fmt: str, file: str) -> Path:
    """The file that `read_figures` reads. Raises Missing, Unreadable."""
    return artifacts / newest_match(artifacts, file or _format(fmt).default_file)


def _format(fmt: str) -> _Format:
    # A newer version may have planned the job.
    if fmt not in _FORMATS:
        raise Unreadable(f"has a format that this version does not know ({printable(fmt[:40])})")
    return _FORMATS[fmt]


def _request_counts(artifacts: Path) -> RequestCounts | None:
    """None when the harness counted nothing: not every image does, so that alone is no fault."""
    try:
        return read_counts(parse_json(read_bytes(artifacts, COUNTS_FILE)))
    except Unreadable:
        return None


def _words(found: Found) -> str:
    return f"{found.metric.name} is {found.metric.unknown} in the results"


def _parts_run(figures: tuple[Found, ...]) -> str:
    """A sentence about the groups of which not all categories ran; "" where none is known to."""
    missing = [found for found in figures if found.metric.n == 0 and found.metric.note]
    none = ", ".join(found.label for found in missing if found.metric.note == NOT_RUN)
    said = [f"Not run: {none}." if none else ""]
    said += [f"{found.label}: {found.metric.note}" for found in missing if found.metric.note != NOT_RUN]
    return " ".join(text for text in said if text)


def _score(
    figures: tuple[Found, ...], unknown: tuple[Found, ...], task: str, wanted: str, samples: int | None
) -> Score | None:
    found = named(figures, wanted) if wanted else None
    notes: list[str] = []
    # What would have been shown, had it a value.
    lost = named(unknown, wanted) if wanted else preferred((*figures, *unknown), task)
    instead = found is None and lost is not None and lost.metric.unknown != ""
    if instead and lost is not None:
        notes.append(f"{_words(lost)}; this is another figure.")
    elif wanted and found is None:
        notes.append(f"The results hold no '{wanted}'; this is what they hold instead.")
    found = found or headline(figures, task)
    if found is None:
        return None
    metric = found.metric
    if samples is not None and metric.n is not None and metric.n < samples:
        notes.append(f"{metric.n} of {samples} samples are behind it.")
    ends = metric.interval
    return Score(
        metric.name,
        metric.value,
        metric.stderr,
        metric.n,
        validity="suspect" if instead else "valid",
        why=" ".join(notes),
        unit=metric.unit.value,
        direction=metric.direction.value,
        repeats=metric.repeats,
        low=ends.low if ends else None,
        high=ends.high if ends else None,
        ci=ends.method.value if ends else "",
        evidence=metric.evidence,
    )
