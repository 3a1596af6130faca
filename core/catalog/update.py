"""The catalog of a newer nemo-evaluator-launcher: fetched as a wheel by the user's own pip, read without running it.

Format: `resources/all_tasks_irs.yaml` in the wheel, with `harnesses` (name, full_name, url, container,
container_digest, arch) and `tasks` (name, harness, description, and defaults.config with its params and
supported_endpoint_types).
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

import yaml

from ..base.errors import EvaldockError
from ..base.helper import NEUTRAL, helper_command, helper_env
from ..base.plain_yaml import load_yaml
from .builtin import Builtin, Harness
from .model import TaskSpec, repeats_in

PACKAGE = "nemo-evaluator-launcher"

_MEMBER = "nemo_evaluator_launcher/resources/all_tasks_irs.yaml"
_MOST = 50_000_000
_PATIENCE = 300.0
_FOR_PIP = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "NETRC")
_LONGEST = 300
_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")
_NOT_SHOWN = ("task", "extra")
_EXTRA = re.compile(r"config\.params\.extra\.(\w+)")
T = TypeVar("T")


class UpdateError(EvaldockError):
    """The newer catalog cannot be had or read; the message is a sentence."""


@dataclass(frozen=True)
class TaskChange:
    """One thing that an update changes: `sign` is +, - or ~; `what` says how, "" for what is new or gone."""

    sign: str
    name: str
    what: str = ""


def fetch_wheel(folder: Path) -> Path:
    """Download the newest wheel into `folder` with pip, by its own settings (index, proxies). Raises UpdateError."""
    command = helper_command("pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input")
    command += ["--disable-pip-version-check", "--ignore-requires-python", "--dest", str(folder.absolute()), PACKAGE]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            env=helper_env(also=_FOR_PIP),
            cwd=NEUTRAL,
        )
    except subprocess.TimeoutExpired:
        raise UpdateError(f"pip did not fetch {PACKAGE} within {_PATIENCE:.0f} s.") from None
    found = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    if "No module named pip" in done.stderr:
        raise UpdateError(f"{sys.executable} has no pip: fetch the wheel of {PACKAGE} and name it with --wheel.")
    said = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr.strip()[-300:])
    raise UpdateError(f"pip could not fetch {PACKAGE}: {said.removeprefix('ERROR: ')}")


def read_wheel(path: Path, known: Builtin) -> Builtin:
    """The catalog in a wheel. Required variables and sizes, which it does not say, are those of `known`.

    Raises UpdateError.
    """
    version = _version(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MEMBER).file_size > _MOST:
                raise UpdateError(f"{path.name} holds a list of tasks that is too large to be one.")
            tree: object = load_yaml(archive.read(_MEMBER))
    except KeyError:
        raise UpdateError(f"{path.name} holds no {_MEMBER}: it is of another generation than evaldock reads.") from None
    except (OSError, zipfile.BadZipFile, yaml.YAMLError) as error:
        raise UpdateError(f"{path.name} cannot be read: {error}") from None
    harnesses = tuple(_harness(entry) for entry in _entries(tree, "harnesses"))
    homes = {harness.name: harness for harness in harnesses}
    needed = {task.full_name: task for task in known.tasks}
    found = [_task(entry, homes, needed) for entry in _entries(tree, "tasks")]
    tasks = tuple(task for task in found if task is not None)
    if not harnesses or not tasks:
        raise UpdateError(f"{path.name} lists no tasks that evaldock understands.")
    return Builtin(harnesses, tasks, version)


def differences(before: Builtin, after: Builtin) -> list[TaskChange]:
    """What changes for the user: images, tasks, their protocols and parameters. New descriptions do not count."""
    old, new = ({harness.name: harness for harness in each.harnesses} for each in (before, after))
    old_tasks, new_tasks = ({task.full_name: task for task in each.tasks} for each in (before, after))
    return [*_compared(old, new, _image_change), *_compared(old_tasks, new_tasks, _task_change)]


def _compared(before: Mapping[str, T], after: Mapping[str, T], change: Callable[[T, T], str]) -> Iterator[TaskChange]:
    for name in dict.fromkeys((*before, *after)):
        if name not in before:
            yield TaskChange("+", name)
        elif name not in after:
            yield TaskChange("-", name)
        elif what := change(before[name], after[name]):
            yield TaskChange("~", name, what)


def _image_change(before: Harness, after: Harness) -> str:
    if before.image != after.image:
        return f"{before.image} -> {after.image}"
    return f"another build of {after.image}" if before.digest != after.digest else ""


def _task_change(before: TaskSpec, after: TaskSpec) -> str:
    changes: list[str] = []
    if before.endpoint_types != after.endpoint_types:
        changes.append(f"{', '.join(before.endpoint_types)} -> {', '.join(after.endpoint_types)}")
    for key in dict.fromkeys((*before.params, *after.params)):
        old, new = before.params.get(key), after.params.get(key)
        if old != new:
            changes.append(f"{key} {'-' if old is None else old} -> {'-' if new is None else new}")
    return "; ".join(changes)


def _version(path: Path) -> str:
    parts = path.name.split("-")
    if len(parts) < 5 or parts[0] != PACKAGE.replace("-", "_"):
        raise UpdateError(f"{path.name} is not a wheel of {PACKAGE}.")
    return parts[1]


def _entries(tree: object, key: str) -> Iterable[Mapping[str, object]]:
    found = cast("Mapping[str, object]", tree).get(key) if isinstance(tree, dict) else None
    items = cast("list[object]", found) if isinstance(found, list) else []
    return [cast("Mapping[str, object]", item) for item in items if isinstance(item, dict)]


def _harness(entry: Mapping[str, object]) -> Harness:
    name, image = _text(entry, "name"), _text(entry, "container")
    if not _NAME.fullmatch(name) or not image or image.startswith("-"):
        raise UpdateError(f"The new catalog has a harness without a usable name or image: {name!r}, {image!r}.")
    title = _text(entry, "full_name") or name
    return Harness(
        name, image, _text(entry, "container_digest"), _text(entry, "arch") or "unknown", title, _text(entry, "url")
    )


def _task(entry: Mapping[str, object], homes: Mapping[str, Harness], known: Mapping[str, TaskSpec]) -> TaskSpec | None:
    name, harness = _text(entry, "name"), homes.get(_text(entry, "harness"))
    if not _NAME.fullmatch(name) or harness is None:
        return None
    command = _text(_below(entry, "defaults"), "command")
    config = _below(_below(entry, "defaults"), "config")
    kinds = config.get("supported_endpoint_types")
    types = [str(kind) for kind in cast("list[object]", kinds)] if isinstance(kinds, list) else []
    params = {
        key: value
        for key, value in _below(config, "params").items()
        if key not in _NOT_SHOWN and isinstance(value, (int, float)) and not isinstance(value, bool)
    }
    spec = TaskSpec(
        name=name,
        harness=harness.name,
        image=harness.image,
        digest=harness.digest,
        endpoint_types=tuple(types) or ("chat",),
        params=params,
        description=_text(entry, "description")[:_LONGEST] or harness.title,
        architectures=harness.architectures,
        repeats=repeats_in(_below(_below(config, "params"), "extra")),
        extras=frozenset(_EXTRA.findall(command)) if command else None,
    )
    before = known.get(spec.full_name)
    if before is None:
        return spec
    return replace(spec, required_env=before.required_env, samples=before.samples, one_request=before.one_request)


def _below(tree: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = tree.get(key)
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else {}


def _text(tree: Mapping[str, object], key: str) -> str:
    found = tree.get(key)
    return " ".join(found.split()) if isinstance(found, str) else ""
