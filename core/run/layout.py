"""The layout of a run on disk: its paths, and making a new one."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..base.atomic import make_dir, read_regular, sync_dir, write_atomic
from ..base.clock import utc_iso
from ..base.errors import EvaldockError, ExitCode
from ..base.owner import exposed
from ..catalog.load import BESIDE, catalog_dirs, catalog_files
from ..plan.codec import job_to_json, plan_to_json
from ..plan.names import safe_dir_name as safe_dir_name
from ..plan.spec import JobSpec, Plan
from ..plan.trees import yaml_text
from .access import refuse_when_read_only, way_out, why_exposed
from .events import RunCreated
from .journal import encode_line
from .links import is_ours, link_job
from .paths import JobPaths as JobPaths
from .paths import RunPaths as RunPaths
from .paths import UnsafePath as UnsafePath
from .paths import archive_attempt as archive_attempt
from .paths import check_name, make_job_dirs
from .paths import keep_spec as keep_spec
from .pointers import make_dirs, register

_MOST_CATALOG = 1 << 20


class CreateError(EvaldockError):
    """A run that cannot be made; the message is a sentence for the user."""

    exit_code = ExitCode.USAGE


def create_run(
    plan: Plan,
    config_tree: dict[str, object],
    *,
    now: datetime,
    env: Mapping[str, str] | None = None,
    sources: Sequence[Path] = (),
) -> RunPaths:
    """Make the directory of a new run with everything in it, its pointer and its `<output_dir>/<task>` links.

    `sources` are the files of the config: the catalogs beside them are kept with the run, so that a rerun knows them.

    The run appears under its name complete or not at all. A real file or directory where a link would stand
    is left alone. `env` (default: this process's) says where pointers go. Raises CreateError (disk full, no
    permission, a place that other users could replace, a foreign link in the way, ...), RequestRefused (read-only).
    """
    refuse_when_read_only()
    output = Path(plan.output_dir)
    root = output / f"{now.astimezone(UTC):%Y%m%d_%H%M%S}-{plan.invocation}"
    _check_jobs(plan, output)
    try:
        _check_place(output)
        make_dirs(output)
        _check_place(output)
        if os.path.lexists(root):
            raise CreateError(f"{root} is there already; start the run again.")
        _build(root, plan, config_tree, now, sources)
        paths = RunPaths(root)
        for job in plan.jobs:
            link_job(output, root.name, job.dir_name)
    except OSError as error:
        where = error.filename or output
        why = "it is not a directory" if isinstance(error, (FileExistsError, NotADirectoryError)) else error.strerror
        raise CreateError(
            f"Cannot make the run in {output}: {where}: {why}. Make room there or allow writing, "
            "or choose another place with -o execution.output_dir=DIR."
        ) from error
    # Pointers are a convenience: a run must not fail because the home directory cannot be written.
    with contextlib.suppress(OSError):
        register(paths, plan.invocation, env)
    return paths


def _check_place(output: Path) -> None:
    found = exposed(output)
    if found is not None:
        raise CreateError(f"{why_exposed(found, output)} {way_out(found)}")


def _check_jobs(plan: Plan, output: Path) -> None:
    names: set[str] = set()
    for job in plan.jobs:
        try:
            check_name(job.dir_name)
        except UnsafePath as error:
            raise CreateError(str(error)) from error
        if job.dir_name in names:
            raise CreateError(f"Two tasks would use the same directory {job.dir_name!r}; rename one of them.")
        names.add(job.dir_name)
        link = output / job.dir_name
        if link.is_symlink() and not is_ours(link):
            raise CreateError(
                f"{link} is a symbolic link to {os.readlink(link)} that evaldock did not make. Remove it, or "
                "choose another place with -o execution.output_dir=DIR."
            )


def _build(root: Path, plan: Plan, config_tree: dict[str, object], now: datetime, sources: Sequence[Path]) -> None:
    temp = root.with_name(f".{root.name}.{os.urandom(4).hex()}.tmp")
    make_dir(temp)
    try:
        paths = RunPaths(temp)
        make_dir(paths.requests)
        write_atomic(paths.config, _yaml(config_tree), sync=False)
        write_atomic(paths.plan, _plan_text(plan).encode())
        write_atomic(paths.journal, encode_line(RunCreated(plan.invocation, utc_iso(now))))
        for job in plan.jobs:
            _build_job(paths, job)
        _keep_catalogs(temp / BESIDE, sources)
        os.rename(temp, root)
    except BaseException:
        import shutil

        shutil.rmtree(temp, ignore_errors=True)
        raise
    sync_dir(root.parent)


def _keep_catalogs(folder: Path, sources: Sequence[Path]) -> None:
    # A later directory wins over an earlier one, here as when catalogs are read.
    files = {file.name: file for beside in catalog_dirs(sources) for file in catalog_files(beside)}
    if files:
        with contextlib.suppress(FileExistsError):  # a task may have taken the name; its rerun finds fewer catalogs
            make_dir(folder)
            for name, file in files.items():
                write_atomic(folder / name, read_regular(file, _MOST_CATALOG), sync=False)


def _build_job(paths: RunPaths, job: JobSpec) -> None:
    job_paths = paths.job(job.dir_name)
    try:
        make_dir(job_paths.root)
    except FileExistsError:
        raise CreateError(
            f"A task cannot have the directory {job.dir_name!r}: evaldock keeps that name for itself."
        ) from None
    # Readable for any image user; on the host the 0700 parent keeps others out.
    write_atomic(job_paths.run_config, _yaml(job.run_config), 0o644, sync=False)
    make_job_dirs(job_paths)


def _plan_text(plan: Plan) -> str:
    """JSON with one line a job: Python's encoder is ten times slower when it has to indent."""
    head = plan_to_json(replace(plan, jobs=()))
    jobs = ",\n".join(json.dumps(job_to_json(job)) for job in plan.jobs)
    del head["jobs"]
    return f'{json.dumps(head)[:-1]}, "jobs": [\n{jobs}\n]}}\n'


def _yaml(tree: dict[str, object]) -> bytes:
    return yaml_text(tree).encode()
