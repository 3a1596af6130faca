"""What the catalog knows of a task, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..base.errors import EvaldockError, ExitCode
from .expected import Expected
from .measure import Measure

REPEAT_NAMES = ("n_samples", "num_repeats", "n_repeats", "repeats")
ResultFormat = Literal["results.yml", "lm-eval", "inspect", "json"]


@dataclass(frozen=True)
class TaskSpec:
    """One task of one harness.

    `command` is an argv template, None for the NeMo contract (`nemo-evaluator run_eval --run_config ...`);
    its parts may name `{model_id}`, `{url}`, `{api_key_name}` (of the variable that holds the key), `{task}`,
    `{run_config}`, `{results}` and `{params.NAME}`.
    `image` and `digest` say what to run; `params` are the defaults of `config.params`, `extras` the names of
    `config.params.extra` that its command uses (None: not known). `samples` is how many the whole benchmark has, None
    when nobody said so, each asked `repeats` times unless the config says otherwise, in one request (`one_request`) or
    several. `measure` says what its figure means, `expected`
    what others report of it. `progress` is a regular expression for the log: its last match tells
    in group 1 how many are done, and in group 2, if it has one, of how many.
    """

    name: str
    harness: str
    image: str
    digest: str = ""
    endpoint_types: tuple[str, ...] = ("chat",)
    required_env: tuple[str, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict[str, object])
    command: tuple[str, ...] | None = None
    result_format: ResultFormat = "results.yml"
    result_file: str = ""
    primary_metric: str = ""
    measure: Measure = field(default_factory=Measure)
    samples: int | None = None
    expected: Expected | None = None
    repeats: int = 1
    one_request: bool = True
    extras: frozenset[str] | None = None
    progress: str = ""
    description: str = ""
    architectures: str = "multiarch"
    listed: bool = True

    @property
    def full_name(self) -> str:
        """`harness.task`, which is never ambiguous within one catalog."""
        return f"{self.harness}.{self.name}"


def repeats_in(extra: Mapping[str, object], otherwise: int = 1) -> int:
    """How often each sample is asked, by the names that harnesses have for that in `config.params.extra`."""
    found = (extra.get(name) for name in REPEAT_NAMES)
    return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0), otherwise)


class CatalogError(EvaldockError):
    """A task name that the catalog cannot turn into one task; the message says what to do."""

    exit_code = ExitCode.USAGE


class UnknownTask(CatalogError):
    """No such task; the message suggests near names."""


class WrongImage(CatalogError):
    """The task is of one harness and its image of another."""


class AmbiguousTask(CatalogError):
    """Several tasks fit; `choices` are their full names."""

    def __init__(self, message: str, choices: tuple[str, ...]) -> None:
        self.choices = choices
        super().__init__(message)
