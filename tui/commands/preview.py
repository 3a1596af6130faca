"""The preview: what tasks run by, or what a rerun of them would be."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan
    from ...core.plan.view import PlanView
    from ...core.preflight.model import Check
    from ...core.run.store import Run
    from ..screens.preview import Checks
    from ..view.preview import Preview

    Prepared = tuple[Preview, Checks]


def checks_of(plan: Plan, env: Mapping[str, str], config: Config | None = None) -> Checks:
    """The checks of a plan; with a `config` that was not run before, whether the user agreed to what it takes along."""
    from ...core.preflight.checks import run_checks, what_is_sent
    from ..screens.preview import Checks

    def make(heard: Callable[[Check], None], quiet: bool) -> object:
        if config is not None and (check := _consent(config, plan, env)):
            heard(check)
        return run_checks(plan, env, on_check=heard, in_order=True, quiet=quiet)

    return Checks(make, what_is_sent(plan, env))


def _consent(config: Config, plan: Plan, env: Mapping[str, str]) -> Check | None:
    from ...core.plan.takes import taken_along
    from ...core.preflight.model import Check
    from ...core.run.consent import has_consent

    taken = taken_along(config, plan, env)
    if not taken or has_consent(config, taken, env):
        return None
    remedy = "Read it, then agree once: evaldock run --trust, with this config."
    return Check("trust", "fail", f"the config takes along {'; '.join(taken)}", remedy)


def of_rerun(run: Run, jobs: Sequence[str], overrides: Sequence[str], env: Mapping[str, str]) -> Prepared:
    """The next attempts of jobs that have ended. Blocks; raises what `plan_reruns` raises."""
    from ...core.control.rerun import plan_reruns

    reruns = plan_reruns(run, jobs, overrides, env=env)
    return _of_run(run, reruns.view(str(run.paths.root), env)), checks_of(reruns.plan, env)


def of_attempts(run: Run, jobs: Sequence[str], env: Mapping[str, str]) -> Prepared:
    """What jobs run by now. Blocks; raises RunDamaged."""
    from dataclasses import replace

    from ...core.plan.view import Again, plan_view

    plan = run.current_plan()
    plan = replace(plan, jobs=tuple(job for job in plan.jobs if job.id in jobs))
    views = run.state().jobs
    again = {job.id: Again(views[job.id].attempt) for job in plan.jobs}
    return _of_run(run, plan_view(None, plan, env, run_dir=str(run.paths.root), again=again)), checks_of(plan, env)


def _of_run(run: Run, view: PlanView) -> Preview:
    """With the config that the run was made from where no override had it composed again."""
    from ...core.plan.view import with_config
    from ...core.run.config_text import config_tree
    from ..view.preview import Preview

    return Preview(run.plan.config_name or run.invocation, with_config(view, config_tree(run)))


def of_config(path: str, env: Mapping[str, str]) -> tuple[Config, Plan, Prepared]:
    """A new run from a config file. Blocks; raises ConfigError, CatalogError."""
    from ...core import api
    from ...core.plan.view import plan_view
    from ...core.run.history import past_of
    from ..view.preview import Preview

    config = api.load_config(os.path.expanduser(path), env=env)
    plan = api.plan(config, env=env)
    view = plan_view(config, plan, env, past=past_of(plan, env))
    return config, plan, (Preview(plan.config_name or path, view), checks_of(plan, env, config))
