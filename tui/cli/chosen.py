"""Which config the user means: the options that `run`, `check` and `config` share, and the way from them to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .complete import TaskType
from .options import env_file_option, environment

if TYPE_CHECKING:
    from ...core.config.model import Config
    from ...core.plan.spec import Plan

_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.argument("path", required=False, type=_FILE, metavar="[CONFIG]"),
    click.option("-d", "--config-dir", type=_FILE, help="Directory with config files."),
    click.option("-c", "--config-name", help="Name of a config in --config-dir, without .yaml."),
    click.option("--config", "config_path", type=_FILE, help="A config file; the same as giving CONFIG."),
    click.option(
        "-o", "--override", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value. Repeatable."
    ),
    click.option("-t", "--tasks", "only", multiple=True, type=TaskType(), help="Only this task. Repeatable."),
    env_file_option,
)


@dataclass(frozen=True)
class Chosen:
    """A config as named on the command line; `env` is what its jobs would get."""

    path: Path | None
    config_dir: Path | None
    config_name: str | None
    overrides: tuple[str, ...]
    only: tuple[str, ...]
    env: dict[str, str]

    @property
    def any(self) -> bool:
        """Whether one is named at all."""
        return any(given is not None for given in (self.path, self.config_dir, self.config_name))

    def required(self, command: str) -> Chosen:
        """Itself. Raises a usage error when no config is named."""
        if not self.any:
            raise click.UsageError(
                f"Which config? `evaldock {command} PATH.yaml`, or --config-dir DIR --config-name NAME."
            )
        return self

    @property
    def file(self) -> Path:
        """The file that the config starts from."""
        return self.path or (self.config_dir or Path()) / f"{self.config_name or 'default'}.yaml"

    def load(self) -> Config:
        """The config. Raises ConfigError."""
        from ...core.api import load_config

        return load_config(
            self.path,
            config_dir=self.config_dir,
            config_name=self.config_name,
            overrides=self.overrides,
            env=self.env,
        )

    def plan(self) -> tuple[Config, Plan]:
        """The config and what it would run. Raises ConfigError and CatalogError."""
        from ...core.api import plan

        config = self.load()
        return config, plan(config, tasks=self.only, env=self.env)


def config_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that name a config; it gets them as one argument `chosen`."""

    @wraps(function)
    def command(
        path: Path | None,
        config_dir: Path | None,
        config_name: str | None,
        config_path: Path | None,
        overrides: tuple[str, ...],
        only: tuple[str, ...],
        env_files: tuple[Path, ...],
        **rest: Any,
    ) -> Any:
        if path is not None and config_path is not None:
            raise click.UsageError("Give the config once: as CONFIG or with --config.")
        file = path or config_path
        if file is not None and (config_dir is not None or config_name is not None):
            raise click.UsageError("A config file and --config-dir / --config-name exclude each other.")
        env = environment(env_files)
        return function(chosen=Chosen(file, config_dir, config_name, overrides, only, env), **rest)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
