"""What the proxy wrote down of each request: joined with samples by the hash of the prompt, and compared with another
run's by the same, whatever the harness writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ...run.sample import Sample
from ...run.samples import REQUESTS_FILE, SampleLog
from .model import Texts, digest

_MOST = 200_000


class Flag(StrEnum):
    """What there is to say of an answer beside its text."""

    CUT = "cut"
    EMPTY = "empty"
    THOUGHT = "reasoning only"
    REFUSED = "refused"
    RETRIED = "retried"
    CACHED = "cached"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class Pair:
    """A request and its answer in brief. `told` is the hash of the answer, "" without one; `seconds` from the request
    to its last byte. `number` is its place in the log; `first`: nothing but a prompt was in the conversation."""

    number: int
    told: str
    flags: tuple[Flag, ...] = ()
    tokens: int | None = None
    seconds: float | None = None
    first: bool = True

    @property
    def words(self) -> str:
        """`cut, 512 tokens, 3.2 s`; "" when nothing is known."""
        figures = [f"{self.tokens:,} tokens"] if self.tokens is not None else []
        figures += [f"{self.seconds:.1f} s"] if self.seconds is not None else []
        return ", ".join([*(flag.value for flag in self.flags), *figures])


@dataclass(frozen=True)
class Pairs:
    """Prompt hash -> its pairs in the order of the requests. `total` is how many the log holds, `thought` the answers
    among them that came with reasoning."""

    by_prompt: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict[str, tuple[Pair, ...]])
    total: int = 0
    thought: int = 0

    def of(self, texts: Texts) -> Pair | None:
        """The pair of a sample: of several with its prompt the one with its answer, else the first."""
        found = self.by_prompt.get(prompt_hash(texts.prompt), ()) if texts.prompt else ()
        told = prompt_hash(texts.answer)
        return next((pair for pair in found if pair.told == told), found[0] if found else None)

    def answers(self) -> dict[str, Counter[str]]:
        """Prompt hash -> how often which answer; of prompts that were answered."""
        counted = {asked: Counter(pair.told for pair in pairs if pair.told) for asked, pairs in self.by_prompt.items()}
        return {asked: answers for asked, answers in counted.items() if answers}

    @property
    def prompts(self) -> frozenset[str]:
        """The prompts that conversations begin with."""
        return frozenset(asked for asked, pairs in self.by_prompt.items() if any(pair.first for pair in pairs))


def prompt_hash(text: str) -> str:
    """What joins a sample with the requests that were sent for it."""
    return digest(text.strip())


def has_pairs(folder: Path) -> bool:
    """Whether a job's directory holds any."""
    try:
        return (folder / REQUESTS_FILE).stat().st_size > 0
    except OSError:
        return False


def read_pairs(folder: Path) -> Pairs:
    """The pairs in a job's directory, without their texts. Raises nothing."""
    log = SampleLog(folder)
    total = log.refresh()
    found: dict[str, list[Pair]] = {}
    known: dict[tuple[Flag, ...], tuple[Flag, ...]] = {}
    thought = 0
    for number in range(min(total, _MOST)):
        sample = log.read(number)
        thought += bool(sample.reasoning.strip())
        if sample.messages:
            flags = tuple(_flags(sample))
            pair = Pair(
                number,
                prompt_hash(sample.answer) if sample.answered and not sample.error else "",
                known.setdefault(flags, flags),
                sample.tokens_out,
                sample.seconds,
                all(message.role != "assistant" for message in sample.messages),
            )
            found.setdefault(prompt_hash(sample.messages[-1].text), []).append(pair)
    return Pairs({asked: tuple(pairs) for asked, pairs in found.items()}, total, thought)


def read_texts(folder: Path, numbers: Collection[int]) -> dict[int, Texts]:
    """The texts of some pairs of a job's directory. Raises nothing."""
    log = SampleLog(folder)
    total = log.refresh()
    samples = ((number, log.read(number)) for number in numbers if number < total)
    return {
        number: Texts(sample.messages[-1].text if sample.messages else "", sample.answer, tokens=sample.tokens_out)
        for number, sample in samples
    }


def _flags(sample: Sample) -> Iterator[Flag]:
    if not sample.answered or sample.error:
        yield Flag.UNANSWERED
    elif sample.finish_reason == "length":
        yield Flag.CUT
    elif not sample.answer.strip():
        yield Flag.THOUGHT if sample.reasoning.strip() else Flag.EMPTY
    if sample.refused:
        yield Flag.REFUSED
    if sample.retried:
        yield Flag.RETRIED
    if sample.cached:
        yield Flag.CACHED
