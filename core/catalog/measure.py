"""What a figure measures: its unit, and whether more of it is better. Known from its name, or from who wrote it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure counts. Percentages are turned into fractions as soon as they are read."""

    FRACTION = "fraction"
    PERCENT = "percent"
    RATIO = "ratio"
    COUNT = "count"
    SECONDS = "seconds"
    NUMBER = "number"


class Direction(StrEnum):
    """Which way is better. `unknown` is never guessed into better or worse."""

    HIGHER = "higher"
    LOWER = "lower"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SamplesFile:
    """JSON lines with the single samples: the file (`*` as a wildcard), and the fields that hold what; "" for none."""

    file: str = ""
    value: str = ""
    id: str = ""
    prompt: str = ""
    answer: str = ""
    extracted: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Measure:
    """What a user's catalog says of a task's figure; "" for what it does not say. `cluster` is a field of the samples:
    those that share its value are not independent of each other."""

    unit: str = ""
    direction: str = ""
    cluster: str = ""
    samples: SamplesFile = SamplesFile()


# The first that fits a name wins; names are in lower case with underscores. A refusal may be right or wrong, depending
# on what was asked, so only refusals of harmless requests have a direction.
_KNOWN: tuple[tuple[str, Unit, Direction], ...] = (
    (r"(.*_)?(perplexity|ppl|bits_per_byte|loss)", Unit.RATIO, Direction.LOWER),
    (r"(.*_)?(wer|cer|error_rate|mae|mse|rmse|brier_score|ece)", Unit.RATIO, Direction.LOWER),
    (r".*(latency|ttft|time_to_first_token|inter_token|duration|runtime)(_s|_seconds)?", Unit.SECONDS, Direction.LOWER),
    (r".*(over_refusal|false_refusal)(_rate)?", Unit.FRACTION, Direction.LOWER),
    (r".*refusal(_rate)?s?", Unit.FRACTION, Direction.UNKNOWN),
    (
        r".*(toxicity|toxic|hallucination|attack_success|jailbreak|unsafe|violation|contamination)(_rate|_score|_fraction)?",
        Unit.FRACTION,
        Direction.LOWER,
    ),
    (r".*(throughput|tokens_per_second|requests_per_second)", Unit.NUMBER, Direction.HIGHER),
    (r"(num|number|count)_.*|.*_(count|total)|n", Unit.COUNT, Direction.UNKNOWN),
    (
        r"(.*_)?(acc|accuracy|acc_norm|exact_match|em|f1|precision|recall|correct|pass|solved|resolved|success(_rate)?"
        r"|win_rate|mcc|auc|map|mrr|ndcg)(_.*)?",
        Unit.FRACTION,
        Direction.HIGHER,
    ),
    (r"(.*_)?(prompt_level|instruction_level|inst_level)(_.*)?|strict_.*|loose_.*", Unit.FRACTION, Direction.HIGHER),
    (r"pass_\d+(_.*)?|maj_\d+(_.*)?|avg_\d+(_.*)?", Unit.FRACTION, Direction.HIGHER),
    (r"(.*_)?(bleu|chrf|rouge[\w]*|meteor|bertscore|ter_inverse)(_.*)?", Unit.NUMBER, Direction.HIGHER),
    (r"(.*_)?(score|reward|rating|quality)(_.*)?", Unit.NUMBER, Direction.HIGHER),
    (r"(.*_)?(micro|macro|mean|average|overall)(_.*)?", Unit.NUMBER, Direction.HIGHER),
)
_COMPILED = tuple((re.compile(pattern), unit, direction) for pattern, unit, direction in _KNOWN)

# Harnesses that write shares of right answers as percentages.
_PERCENT = frozenset({"bfcl", "nemo_skills"})
# Harnesses that write nothing else, under names such as `irrelevance_detection_live`.
_ONLY_SHARES = frozenset({"bfcl"})


def known_measure(label: str, harness: str = "") -> tuple[Unit, Direction]:
    """The unit and direction of a figure called `label`, by its own name within its task."""
    if harness.lower() in _ONLY_SHARES:
        return Unit.FRACTION, Direction.HIGHER
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    for pattern, unit, direction in _COMPILED:
        if pattern.fullmatch(name):
            return unit, direction
    return Unit.NUMBER, Direction.UNKNOWN


def writes_percent(harness: str) -> bool:
    """Whether shares that this harness writes are percentages."""
    return harness.lower().replace("-", "_") in _PERCENT
