"""`load_config`: the one way from files and overrides to a `Config`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .model import Config, ConfigError, ConfigProblem, Origin, OverrideChange

MAX_PROBLEMS = 200

if TYPE_CHECKING:
    from .compose import Composer, DefaultsEntry
    from .node import Node
    from .overrides import Override


def load_config(
    *,
    path: Path | None = None,
    config_dir: Path | None = None,
    config_name: str | None = None,
    overrides: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Config:
    """Compose, validate and type a config: the file `path`, or `config_name` (without suffix) in `config_dir`.

    `config_dir` is the current directory and `config_name` is `default` unless given. `env` (the process's own
    environment unless given) is read by `${oc.env:X}`. Raises ConfigError with everything that is wrong.
    """
    return load_traced(path=path, config_dir=config_dir, config_name=config_name, overrides=overrides, env=env)[0]


def load_traced(
    *,
    path: Path | None = None,
    config_dir: Path | None = None,
    config_name: str | None = None,
    overrides: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> tuple[Config, Node]:
    """As `load_config`, with the tree of the config in which every value knows where it was written."""
    try:
        return _load(path, config_dir, config_name, overrides, os.environ if env is None else env)
    except RecursionError:
        message = "is nested too deeply to be a config"
        raise ConfigError([ConfigProblem(message, origin=Origin(str(path or config_name)))]) from None


def _load(
    path: Path | None,
    config_dir: Path | None,
    config_name: str | None,
    overrides: Sequence[str],
    env: Mapping[str, str],
) -> tuple[Config, Node]:
    from .compose import Composer
    from .dotted import flatten_overrides, nest_overrides
    from .foreign import lift_targets, unknown_keys
    from .interpolate import references, resolve
    from .locate import locate

    file = locate(path, config_dir, config_name)
    problems: list[ConfigProblem] = []
    parsed = _parse(overrides, problems)
    composer = Composer(file.parent)
    chosen = _choices(parsed, composer)
    composer.choices = chosen
    try:
        root = composer.compose(file, str(file))
    except ConfigError as error:
        raise _error([*error.problems, *problems], composer) from None
    problems += composer.problems
    root, changes = _apply(root, [o for o in parsed if not _is_choice(o, chosen)], problems)
    changes = [*_choice_changes(parsed, chosen, composer.used), *changes]
    used = references(root)
    root, unresolved = resolve(root, env)
    root, warnings = lift_targets(nest_overrides(root))
    wrong, odd = unknown_keys(root, used)
    warnings += odd
    config = _finish(root, problems + unresolved + wrong, composer, Origin(str(file), 1, 1), changes, warnings)
    if isinstance(config, Config):
        return config, flatten_overrides(root)
    raise _error(config, composer)


def _finish(
    root: Node,
    problems: list[ConfigProblem],
    composer: Composer,
    start: Origin,
    changes: list[OverrideChange],
    warnings: list[ConfigProblem],
) -> Config | list[ConfigProblem]:
    from .adapter import check_adapters
    from .dotted import flatten_overrides
    from .mandatory import mark_mandatory, with_sections
    from .node import format_steps, plain, walk
    from .typed import Typer
    from .validate import validate

    root, missing = mark_mandatory(with_sections(root, start))
    typer = Typer(root, start)
    config = typer.config()
    refused = {problem.path.rpartition(".")[0] for problem in typer.refused}
    found = [p for p in validate(root, start) if p.path.split(".")[0] not in refused]
    told = {problem.path for problem in [*found, *problems]}
    # Without the proxy, interceptors are the container's affair, and it may know others.
    adapters = check_adapters(root) if config.execution.proxy else ()
    problems = [*problems, *missing, *found, *(p for p in (*typer.problems, *adapters) if p.path not in told)]
    if problems:
        return problems
    tree = plain(flatten_overrides(root), shown=True)
    assert isinstance(tree, dict)
    return Config(
        tree=tree,  # pyright: ignore[reportUnknownArgumentType]
        execution=config.execution,
        endpoint=config.endpoint,
        tasks=config.tasks,
        sources=tuple(composer.sources),
        changes=tuple(changes),
        reads=tuple((name, format_steps(steps)) for steps, node in walk(root) for name in sorted(node.env)),
        warnings=(*warnings, *typer.warnings),
    )


def _parse(texts: Sequence[str], problems: list[ConfigProblem]) -> list[Override]:
    from .overrides import parse_override

    parsed: list[Override] = []
    for text in texts:
        try:
            parsed.append(parse_override(text))
        except ConfigError as error:
            problems += error.problems
    return parsed


def _apply(root: Node, parsed: list[Override], problems: list[ConfigProblem]) -> tuple[Node, list[OverrideChange]]:
    from .overrides import apply_override

    changes: list[OverrideChange] = []
    for override in parsed:
        try:
            root, change = apply_override(root, override)
        except ConfigError as error:
            problems += error.problems
        else:
            changes.append(change)
    return root, changes


def _choices(parsed: list[Override], composer: Composer) -> dict[str, DefaultsEntry]:
    """Overrides such as `execution=local` that choose an entry of the defaults list; the last one counts."""
    from .compose import GROUPS, DefaultsEntry

    found: dict[str, DefaultsEntry] = {}
    for override in parsed:
        if override.choice is not None:
            group, name = override.choice
            if group in GROUPS or (composer.base / group).is_dir():
                found[group] = DefaultsEntry(group, name, override.origin, tuple(group.split("/")))
    return found


def _is_choice(override: Override, chosen: Mapping[str, DefaultsEntry]) -> bool:
    return override.choice is not None and override.choice[0] in chosen


def _choice_changes(
    parsed: list[Override], chosen: Mapping[str, DefaultsEntry], used: Mapping[str, str]
) -> list[OverrideChange]:
    changes: list[OverrideChange] = []
    for override in parsed:
        if override.choice is not None and override.choice[0] in chosen:
            group, name = override.choice
            changes.append(OverrideChange(override.text, group, used.get(group), name))
    return changes


def _error(problems: Sequence[ConfigProblem], composer: Composer) -> ConfigError:
    """All problems once, in the order of the files and lines they are about."""
    order = {str(path): index for index, path in enumerate(composer.sources)}

    def place(problem: ConfigProblem) -> tuple[int, int, int]:
        origin = problem.origin or Origin("")
        return order.get(os.path.abspath(origin.file), len(order)), origin.line, origin.column

    found = sorted(dict.fromkeys(problems), key=place)
    if len(found) > MAX_PROBLEMS:
        more = f"there are {len(found) - MAX_PROBLEMS} more problems, or still more, that are not listed"
        found = [*found[:MAX_PROBLEMS], ConfigProblem(more)]
    return ConfigError(found)
