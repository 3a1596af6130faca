"""evaldock from Python: what `evaldock run` does, in three steps.

    from evaldock.core import load_config, plan, run, scores

    config = load_config("nightly.yaml", overrides=["evaluation.tasks.0.name=ifeval"])
    finished = run(config, plan(config, tasks=["ifeval"]))
    for row in scores(finished):
        print(row["task"], row["value"], row["validity"])

Imports of what the steps need happen inside them: `from evaldock.core import load_config` alone costs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .base.errors import NotStarted

if TYPE_CHECKING:
    from .base.narrow import Json
    from .config.model import Config
    from .plan.spec import Plan
    from .run.events import Event
    from .run.store import Run


def load_config(
    path: str | Path | None = None,
    *,
    config_dir: str | Path | None = None,
    config_name: str | None = None,
    overrides: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Config:
    """The config in the file `path`, or `config_name` in `config_dir`, with `overrides` ("key=value") on top.

    `env` (default: the process's own) is what `${oc.env:NAME}` reads. Raises `evaldock.core.config.model.ConfigError`
    with everything that is wrong, each with file, line and column.
    """
    from .config.load import load_config as load

    return load(
        path=None if path is None else Path(path),
        config_dir=None if config_dir is None else Path(config_dir),
        config_name=config_name,
        overrides=overrides,
        env=env,
    )


def plan(config: Config, *, tasks: Sequence[str] = (), env: Mapping[str, str] | None = None) -> Plan:
    """What `config` would run: one frozen JobSpec a task, of all tasks or of these. Nothing is written or started.

    Raises ConfigError, and `evaldock.core.catalog.model.CatalogError` for a task that no catalog knows and that names
    no container.
    """
    from secrets import token_hex

    from .catalog.load import catalog_dirs, load_catalog
    from .plan.make import make_plan

    catalog = load_catalog(catalog_dirs(config.sources), env=env)
    return make_plan(config, catalog, invocation=token_hex(4), only=tasks)


def run(
    config: Config,
    planned: Plan | None = None,
    *,
    env: Mapping[str, str] | None = None,
    check: bool = True,
    trust: bool = False,
    on_event: Callable[[Event], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Run:
    """Run all jobs of `planned` (default: of the whole config) and return when the last one has ended.

    A job that fails raises nothing: `Run.statuses()` has states and reasons, `scores` the figures. `check` asks the
    endpoint for one token first. `trust` agrees to what the config takes along besides its endpoint and its env_vars,
    as `--trust` does; the agreement is remembered. `on_event` hears each entry of the journal, `on_notice` sentences
    for people; both are called on the engine's threads. Ctrl-C stops the jobs, a second one kills them, and
    KeyboardInterrupt follows.

    Raises NotStarted, OSError and `evaldock.core.engine.executor.ExecutorUnavailable` when Docker does not answer.
    """
    from .control.once import once
    from .control.start import create
    from .engine.executors import checked_executor

    env = os.environ if env is None else env
    planned = plan(config, env=env) if planned is None else planned
    if untrusted := _untrusted(config, planned, env, trust=trust):
        raise NotStarted(untrusted)
    executor = checked_executor()
    reasons = _reasons_against(planned, env, check=check)
    if reasons:
        raise NotStarted("\n".join(reasons))
    made = create(planned, config.tree, config.sources)
    once(made, env, executor, on_event=on_event, on_notice=on_notice)
    return made


def scores(finished: Run, metric: str | None = None) -> list[Json]:
    """One row a job with the figure that its task is known by; with `metric` a row for each whose name holds it.

    The keys are `evaldock.core.results.scores.COLUMNS`. Raises RunDamaged.
    """
    from .results.scores import score_rows

    return score_rows(finished, metric=metric)


def _untrusted(config: Config, planned: Plan, env: Mapping[str, str], *, trust: bool) -> str:
    """What the config takes along without the user's consent, as a sentence; "" for nothing."""
    from .plan.takes import taken_along
    from .run.consent import give_consent, has_consent

    taken = taken_along(config, planned, env)
    if not taken or has_consent(config, taken, env):
        return ""
    if trust:
        give_consent(config, taken, env)
        return ""
    return f"This config takes along more than its endpoint and its env_vars: {'; '.join(taken)}. To agree: trust=True"


def _reasons_against(planned: Plan, env: Mapping[str, str], *, check: bool) -> list[str]:
    from .control.start import endpoint_problems, missing_variables

    missing = missing_variables(planned, env)
    if missing or not check:
        return missing
    from .preflight.early import EarlyLook

    return endpoint_problems(EarlyLook(planned, env))
