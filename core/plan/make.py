"""From a config and the catalog to a plan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ..catalog.catalog import Catalog
from ..catalog.model import CatalogError, TaskSpec
from ..catalog.prefer import normal
from ..config.model import Config, ConfigError, ConfigProblem, MountSpec, RequestOptions, TaskConfig, Tree
from .command import NEMO_COMMAND, TemplateError, fill
from .docker_args import DockerArgs, parse_docker_args, with_args
from .endpoint import (
    TaskEndpoint,
    bare_url_warning,
    container_url,
    job_type,
    loopback_warning,
    task_endpoint,
    type_warning,
)
from .environ import job_env
from .isolation import walled, walled_env
from .mounts import MountError, checked_mount, twice
from .names import DirNames
from .oddities import judge_warning, unused_extras
from .repeats import repeats_of
from .run_config import RunConfigParts, build_run_config
from .select import select
from .size import size_of
from .spec import RESULTS_PATH, RUN_CONFIG_PATH, JobSpec, Plan
from .trees import copied, merged, text_at, tree_at


def make_plan(
    config: Config,
    catalog: Catalog,
    *,
    invocation: str,
    only: Sequence[str] = (),
    positions: Sequence[int] | None = None,
) -> Plan:
    """Decide everything that will be run: a job for each task and repeat, in config order.

    `only` is what `-t` gave (see `select`); `positions` chooses tasks by their place in the list instead. Reads no
    environment value, asks no Docker, writes nothing. Raises ConfigError with the problems of all tasks.
    """
    if positions is None:
        chosen = select(config.tasks, only)
    else:
        chosen = [(position, config.tasks[position]) for position in positions]
    if not chosen:
        raise ConfigError([ConfigProblem("the list is empty: name at least one task", "evaluation.tasks")])
    maker = _Maker(config, catalog, invocation)
    jobs: list[JobSpec] = []
    for position, task in chosen:
        jobs += maker.jobs(len(jobs), position, task)
    if maker.problems:
        raise ConfigError(maker.problems)
    execution = config.execution
    return Plan(
        invocation=invocation,
        output_dir=os.path.abspath(execution.output_dir),
        mode=execution.mode,
        workers=execution.workers,
        proxy=execution.proxy,
        pull=execution.pull,
        model_id=config.endpoint.model_id,
        url=config.endpoint.url,
        jobs=tuple(jobs),
        warnings=tuple(dict.fromkeys([*maker.warnings, *maker.unlisted()])),
        config_path=str(config.sources[0]) if config.sources else "",
    )


class _Maker:
    """Makes the jobs of one plan; keeps problems and warnings on the way."""

    def __init__(self, config: Config, catalog: Catalog, invocation: str) -> None:
        self._config, self._catalog, self._invocation = config, catalog, invocation
        self._dirs = DirNames()
        self._unlisted: dict[str, list[str]] = {}
        self.problems: list[ConfigProblem] = []
        self.warnings: list[str] = []
        try:
            self._args = parse_docker_args(config.execution.extra_docker_args)
        except ConfigError as error:
            self._args = DockerArgs()
            self.problems += error.problems

    def unlisted(self) -> list[str]:
        """One warning an image for the tasks that only the image can know."""
        return [_unlisted_warning(image, names) for image, names in self._unlisted.items()]

    def jobs(self, first: int, position: int, task: TaskConfig) -> list[JobSpec]:
        """The jobs of one task, numbered from `first` on; none when it has problems."""
        where = f"evaluation.tasks[{position}]"
        endpoint = task_endpoint(self._config.endpoint, task)
        try:
            spec = self._catalog.resolve(task.name, endpoint_type=endpoint.type or None, container=task.container)
            each = repeats_of(task, spec, own=self._catalog.is_own(spec), where=where)
            made = (
                (repeat, self._job(first + number, position, settings, spec, endpoint))
                for number, (repeat, settings) in enumerate(each)
            )
            return [replace(job, repeat=repeat) for repeat, job in made]
        except ConfigError as error:
            self.problems += error.problems
        except CatalogError as error:
            self._bad(str(error), f"{where}.name", task)
        except (TemplateError, MountError) as error:
            self._bad(str(error), where, task)
        return []

    def _job(self, index: int, position: int, task: TaskConfig, spec: TaskSpec, endpoint: TaskEndpoint) -> JobSpec:
        url = container_url(endpoint.url, self._args.options.network)
        self._warn(task, spec, endpoint, url)
        run_config = self._run_config(task, spec, endpoint, url)
        mounts = self._mounts(task)
        size = size_of(spec, run_config, own_data=bool(task.dataset_dir), own_task=self._catalog.is_own(spec))
        execution, options = self._config.execution, self._args.options
        options = replace(options, user=task.user or options.user)
        env = job_env(
            user=task.env,
            docker_args=self._args.env,
            api_key_name=endpoint.api_key_name,
            required=spec.required_env,
            kill_grace=execution.kill_grace,
            dataset=task.dataset_mount_path if task.dataset_dir else "",
        )
        return JobSpec(
            id=f"{self._invocation}.{index}",
            index=index,
            task=spec.name,
            harness=spec.harness,
            image=spec.image,
            digest=spec.digest,
            endpoint_type=job_type(spec, endpoint),
            url=endpoint.url,
            model_id=endpoint.model_id,
            command=_command(spec, run_config, url, endpoint.model_id),
            dir_name=self._dirs.take(task.name, index),
            run_config=run_config,
            env=walled_env(env, execution.isolation),
            mounts=mounts,
            resources=with_args(task.resources or execution.resources, self._args.resources),
            docker=walled(options, execution.isolation, internal=execution.network == "internal"),
            timeout=execution.timeout if task.timeout is None else task.timeout,
            kill_grace=execution.kill_grace,
            samples=size.samples,
            estimated=size.estimated,
            one_request=spec.one_request,
            repeats=size.repeats,
            result_format=spec.result_format,
            result_file=spec.result_file,
            primary_metric=spec.primary_metric,
            measure=spec.measure,
            progress=spec.progress,
            pre_cmd=task.pre_cmd,
            post_cmd=task.post_cmd,
            adapter=self._adapter(task),
            position=position,
            requests=_patient(task.requests or self._config.endpoint.requests, run_config),
            isolation=execution.isolation,
            reported=task.expected or spec.expected,
            suspect_above=task.suspect_above,
            whole=spec.samples,
        )

    def _run_config(self, task: TaskConfig, spec: TaskSpec, endpoint: TaskEndpoint, url: str) -> Tree:
        # The core finds a task that its image does not list only by the full name, and only in a harness of its own.
        full = not spec.listed and self._catalog.knows_harness(spec.harness)
        return build_run_config(
            RunConfigParts(
                type=spec.full_name if full else spec.name,
                url=url,
                model_id=endpoint.model_id,
                endpoint_type=job_type(spec, endpoint),
                api_key_name=endpoint.api_key_name,
                # A packaged task's defaults live in its image; those of a catalog file are known only here.
                defaults=dict(spec.params) if self._catalog.is_own(spec) else {},
                adapter_config=self._config.endpoint.adapter_config if spec.command is None else {},
                user=task.run_config,
            )
        )

    def _adapter(self, task: TaskConfig) -> Tree:
        """The task's `adapter_config` laid over the endpoint's."""
        own = tree_at(cast(Tree, copied(task.run_config)), "target", "api_endpoint", "adapter_config")
        return merged(self._config.endpoint.adapter_config, own)

    def _mounts(self, task: TaskConfig) -> tuple[MountSpec, ...]:
        mounts = [
            checked_mount(m.source, m.target, m.read_only, "execution.mounts") for m in self._config.execution.mounts
        ]
        mounts += self._args.mounts
        if task.dataset_dir:
            source = os.path.abspath(os.path.expanduser(task.dataset_dir))
            # What one task changed, the next would be scored by.
            read_only = self._config.execution.isolation != "off"
            mounts.append(checked_mount(source, task.dataset_mount_path, read_only, "dataset_dir"))
        if target := twice(mounts):
            raise MountError(f"two mounts want the place {target} in the container")
        return tuple(mounts)

    def _warn(self, task: TaskConfig, spec: TaskSpec, endpoint: TaskEndpoint, url: str) -> None:
        found = [type_warning(self._catalog, spec, endpoint), bare_url_warning(endpoint.url)]
        if spec.listed and normal(task.name) not in (normal(spec.name), normal(spec.full_name)):
            found.append(f"task {task.name} is run as {spec.full_name}, its name in this catalog")
        found += [unused_extras(spec, task.run_config), judge_warning(spec, task, endpoint)]
        proxied = self._config.execution.proxy
        if url != endpoint.url and not proxied:
            found.append(loopback_warning(endpoint.url, url))
        if not spec.listed:
            names = self._unlisted.setdefault(spec.image, [])
            names += [] if task.repeats > 1 and task.name in names else [task.name]
            if meant := self._catalog.near(spec):
                found.append(f"task {task.name}: did you mean {meant}?")
        if spec.command is not None and self._config.endpoint.adapter_config and not proxied:
            found.append(f"task {spec.name} runs a command of its own, so adapter_config has no effect on it")
        if not endpoint.model_id:
            found.append("target.api_endpoint.model_id is not set; most tasks need it")
        written = tree_at(task.run_config, "config").get("output_dir")
        if written is not None and written != RESULTS_PATH:
            found.append(f"task {spec.name}: config.output_dir is always {RESULTS_PATH} in a container")
        self.warnings += [text for text in found if text]

    def _bad(self, message: str, path: str, task: TaskConfig) -> None:
        self.problems.append(ConfigProblem(message, path, task.origin))


def _command(spec: TaskSpec, run_config: Tree, url: str, model_id: str) -> tuple[str, ...]:
    if spec.command is None:
        return NEMO_COMMAND
    values = {
        "model_id": model_id,
        "url": url,
        "api_key_name": text_at(run_config, "target", "api_endpoint", "api_key_name"),
        "task": spec.name,
        "run_config": RUN_CONFIG_PATH,
        "results": RESULTS_PATH,
    }
    return fill(spec.command, values, tree_at(run_config, "config", "params"))


def _patient(options: RequestOptions, run_config: Tree) -> RequestOptions:
    """Options with which the proxy waits at least as long as the task does, where no timeout is written for it."""
    wait = tree_at(run_config, "config", "params").get("request_timeout")
    if not options.waits_for_task or not isinstance(wait, (int, float)) or isinstance(wait, bool):
        return options
    return replace(options, request_timeout=max(options.request_timeout, float(wait)))


def _unlisted_warning(image: str, names: list[str]) -> str:
    if len(names) == 1:
        return f"task {names[0]} is not in the catalog: {image} has to know it"
    few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} tasks are not in the catalog ({few}): {image} has to know them"
