"""The preview: what tasks run by, or what a rerun of them would be."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.render import Section
    from ...core.plan.spec import Plan
    from ...core.preflight.model import Check
    from ...core.run.store import Run
    from ..screens.preview import Probe
    from ..view.preview import Preview

    Prepared = tuple[Preview, Probe]


def probe_of(plan: Plan, env: Mapping[str, str]) -> Probe:
    """Makes the checks of a plan."""

    def probe(heard: Callable[[Check], None]) -> object:
        from ...core.preflight.checks import run_checks

        return run_checks(plan, env, on_check=heard, in_order=True)

    return probe


def of_rerun(run: Run, jobs: Sequence[str], overrides: Sequence[str], env: Mapping[str, str]) -> Prepared:
    """The next attempts of jobs that have ended. Blocks; raises what `plan_reruns` raises."""
    from ...core.control.rerun import plan_reruns
    from ...core.plan.render import Again, plan_sections
    from ..view.preview import Preview

    reruns = plan_reruns(run, jobs, overrides, env=env)
    again = {item.job: Again(item.attempt, item.changes) for item in reruns.jobs}
    sections = plan_sections(reruns.config, reruns.plan, env, run_dir=str(run.paths.root), again=again)
    sections = _with_config(run, sections)
    listed = tuple((item.job, item.spec.task, item.attempt) for item in reruns.jobs)
    return Preview(run.plan.config_name or run.invocation, listed, sections), probe_of(reruns.plan, env)


def of_attempts(run: Run, jobs: Sequence[str], env: Mapping[str, str]) -> Prepared:
    """What jobs run by now. Blocks; raises RunDamaged."""
    from dataclasses import replace

    from ...core.plan.render import plan_sections
    from ..view.preview import Preview

    plan = run.current_plan()
    plan = replace(plan, jobs=tuple(job for job in plan.jobs if job.id in jobs))
    views = run.state().jobs
    sections = _with_config(run, plan_sections(None, plan, env, run_dir=str(run.paths.root)))
    listed = tuple((job.id, job.task, views[job.id].attempt) for job in plan.jobs)
    return Preview(run.plan.config_name or run.invocation, listed, sections), probe_of(plan, env)


def _with_config(run: Run, sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """`sections`, and the config that the run was made from where no override had it composed anew."""
    from ...core.base.sanitize import clean
    from ...core.plan.render import Section
    from ...core.run.config_text import config_text

    if any(section.title == "config" for section in sections):
        return sections
    lines = tuple(clean(line) for line in config_text(run).splitlines())
    return (Section("config", lines), *sections)


def of_config(path: str, env: Mapping[str, str]) -> tuple[Config, Plan, Prepared]:
    """A new run from a config file. Blocks; raises ConfigError, CatalogError."""
    from ...core.plan.render import plan_sections
    from ..cli.chosen import Chosen
    from ..view.preview import Preview

    chosen = Chosen(Path(os.path.expanduser(path)), None, None, (), (), dict(env))
    config, plan = chosen.plan()
    listed = tuple((job.id, job.task, 1) for job in plan.jobs)
    preview = Preview(plan.config_name or path, listed, plan_sections(config, plan, env))
    return config, plan, (preview, probe_of(plan, env))
