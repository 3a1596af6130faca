"""One task as the table shows it: everything of a row, and nothing of a screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ...core.base.sanitize import clean_line
from ...core.run.score import Score


@dataclass(frozen=True, slots=True)
class Pull:
    """How far an image is: bytes, and bytes a second where that is known."""

    done: int
    total: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Requests:
    """What the proxy counted. Latencies in seconds, `rates` answers in each of the last seconds, newest last."""

    answered: int = 0
    in_flight: int = 0
    rate: float = 0.0
    rates: tuple[float, ...] = ()
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    failed: tuple[tuple[str, int], ...] = ()
    retried: int = 0
    cached: int = 0
    refused: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task at one moment. Texts from outside are clean; sizes in bytes, times in seconds.

    `done` and `total` are samples; `seconds` is how long it has run (or did run), `left` an estimate, `stop_in` when a
    task that is told to stop is killed. `external`: the score against what others report, "" where nothing is.
    `note` is what is being done while no figure tells it. `cpu` is percent of one core.
    """

    job: str
    index: int
    task: str
    harness: str
    state: str
    reason: str | None
    detail: str
    attempt: int
    exit_code: int | None
    kill_requested: int
    kill_grace: float
    done: int | None
    total: int | None
    note: str
    pull: Pull | None
    seconds: float | None
    left: float | None
    cpu: float | None
    memory: int | None
    memory_limit: int | None
    requests: Requests | None
    score: Score | None
    image: str
    dir_name: str
    stop_in: float | None = None
    external: str = ""

    @property
    def live(self) -> bool:
        """Whether something is being done for it now."""
        return self.state in ("pulling", "starting", "running", "stopping")

    @property
    def ended(self) -> bool:
        """Whether its attempt is over."""
        return not self.live and self.state != "queued"

    @property
    def suspicious(self) -> bool:
        """Whether it succeeded with a score that must not be taken as it is."""
        return self.score is not None and self.score.validity != "valid"

    @property
    def fraction(self) -> float | None:
        """How far it is, 0..1; None where that is not known."""
        if self.state == "pulling" and self.pull is not None and self.pull.total > 0:
            return min(1.0, self.pull.done / self.pull.total)
        if self.done is None or not self.total or self.state not in ("running", "stopping"):
            return None
        return min(1.0, self.done / self.total)

    @property
    def words(self) -> str:
        """All that a filter may match, in lower case."""
        return f"{self.state} {self.task} {self.harness} {self.reason or ''} {self.job}".lower()


def clean_score(score: Score | None) -> Score | None:
    """A score whose texts may be drawn."""
    return score and replace(score, metric=clean_line(score.metric), why=clean_line(score.why))
