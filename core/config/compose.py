"""The files of a config become one tree: a defaults list names what is laid under, or over, a file's own content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..base.atomic import read_regular
from .dotted import nest_overrides
from .model import ConfigError, ConfigProblem, Origin
from .node import Node, merge, plain, printable, put
from .suggest import did_you_mean
from .yaml_nodes import MAX_BYTES, read_yaml_file

SUFFIXES = (".yaml", ".yml")
PACKAGED = Path(__file__).parent / "defaults"
PACKAGED_NAME = "evaldock's defaults"
GROUPS = ("execution", "deployment")
_MAX_FILES = 100
_NEXT = frozenset(("services", "benchmarks"))
_HEADER = re.compile(r"#\s*@package\s+(\S+)")
_CLUSTERS = ("slurm", "lepton")
_SERVERS = ("vllm", "vllm_ray", "sglang", "nim", "trtllm", "generic")


def refusal(group: str, name: str) -> str | None:
    """Why evaldock will not take this choice of `execution` or `deployment`; None when that is not so."""
    kind = name.split("/")[0]
    if group == "execution" and kind in _CLUSTERS:
        return (
            f"the executor '{printable(name)}' is not supported: evaldock runs tasks in Docker containers on this "
            "machine; use 'execution: local'"
        )
    if group == "deployment" and kind in _SERVERS:
        return (
            f"the deployment '{printable(name)}' is not supported: evaldock starts no model, it evaluates an endpoint "
            "that exists; start the model yourself, put its address in target.api_endpoint.url and use "
            "'deployment: none'"
        )
    return None


@dataclass(frozen=True)
class DefaultsEntry:
    """One entry of a defaults list: the file `name` of a group (`group` empty: a file beside the config).

    `package` is where its content goes, as steps from the top, unless the file itself says otherwise; `forced`
    means that it may not.
    """

    group: str
    name: str
    origin: Origin
    package: tuple[str, ...] = ()
    forced: bool = False

    @property
    def is_self(self) -> bool:
        """The file's own content."""
        return not self.group and self.name == "_self_"


@dataclass(frozen=True)
class _Place:
    """The file that is being read: the group it is of, and where its content goes."""

    group: str = ""
    package: tuple[str, ...] = ()

    def below(self, group: str) -> _Place:
        """A group as named inside this file: relative to its own, unless it begins with a slash."""
        steps = tuple(step for step in group.split("/") if step)
        if group.startswith("/"):
            return _Place("/".join(steps), steps)
        return _Place("/".join((*filter(None, [self.group]), *steps)), (*self.package, *steps))


@dataclass
class Composer:
    """Reads files from `base` (a user's directory) and from evaldock's packaged defaults.

    `choices` replaces what a defaults list chose for a group; `used` tells the name that each group had.
    """

    base: Path
    choices: Mapping[str, DefaultsEntry] = field(default_factory=dict[str, DefaultsEntry])
    problems: list[ConfigProblem] = field(default_factory=list[ConfigProblem])
    sources: list[Path] = field(default_factory=list[Path])
    used: dict[str, str] = field(default_factory=dict[str, str])
    reading: list[str] = field(default_factory=list[str])

    def compose(self, path: Path, shown: str) -> Node:
        """The tree of the config at `path`. Raises ConfigError when a file cannot be read or is refused."""
        root = self._file(path, shown, _Place(), primary=True)
        if any(problem.path == "defaults" for problem in self.problems):
            raise ConfigError(self.problems)
        return root

    def _file(self, path: Path, shown: str, place: _Place, *, primary: bool = False) -> Node:
        """The whole tree with what this file, and those that it takes in, put into it."""
        real = os.path.realpath(path)
        if real in self.reading:
            self._defaults_problem(f"'{printable(shown)}' includes itself", Origin(shown))
            return Node({}, Origin(shown))
        if len(self.sources) >= _MAX_FILES:
            raise ConfigError(
                [*self.problems, ConfigProblem(f"takes in more than {_MAX_FILES} files", origin=Origin(shown))]
            )
        try:
            node, problems = read_yaml_file(path, shown, pipe=primary)
        except ConfigError as error:
            raise ConfigError([*self.problems, *error.problems]) from None
        self.sources.append(path.absolute())
        self.problems += problems
        if not isinstance(node.value, dict):
            message = "is not a mapping of keys to values, such as 'execution:' and 'target:'"
            raise ConfigError([*self.problems, ConfigProblem(message, origin=node.origin)])
        if primary and node.value.keys() >= _NEXT and "evaluation" not in node.value:
            message = (
                "is a config of nemo-evaluator 0.3 or newer (services and benchmarks), which evaldock does not read: "
                "write its service as target.api_endpoint and its benchmarks as evaluation.tasks"
            )
            raise ConfigError([*self.problems, ConfigProblem(message, "services", node.value["services"].key)])
        self.reading.append(real)
        composed = self._with_defaults(node, place, primary=primary)
        self.reading.pop()
        return composed

    def _with_defaults(self, node: Node, place: _Place, *, primary: bool) -> Node:
        assert isinstance(node.value, dict)
        content = dict(node.value)
        listed = content.pop("defaults", None)
        own = put(Node({}, node.origin), place.package, replace(node, value=content))
        own = nest_overrides(own, self.problems)
        choices = list(self._entries(listed, place))
        if primary:
            choices = self._with_added(choices)
        if not any(choice.is_self for choice in choices):
            choices.append(DefaultsEntry("", "_self_", node.origin))
        result = Node({}, node.origin)
        for choice in choices:
            result = merge(result, own if choice.is_self else self._chosen(choice))
        return replace(result, origin=node.origin)

    def _with_added(self, choices: list[DefaultsEntry]) -> list[DefaultsEntry]:
        listed = {choice.group for choice in choices}
        return [choice for name, choice in self.choices.items() if name not in listed] + choices

    def _entries(self, listed: Node | None, place: _Place) -> Iterator[DefaultsEntry]:
        if listed is None or listed.value is None:
            return
        if not isinstance(listed.value, list):
            self._defaults_problem("is not a list; expected items such as '- execution: local'", listed.origin)
            return
        for item in listed.value:
            if item.value == "_self_":
                yield DefaultsEntry("", "_self_", item.origin)
            elif isinstance(item.value, str):
                # `a/b` is the file b of the group a.
                written, slash, name = item.value.rpartition("/")
                below = place.below("/" if slash and not written else written)
                yield DefaultsEntry(below.group, name, item.origin, below.package)
            elif isinstance(item.value, dict) and len(item.value) == 1:
                yield from self._group_entry(*next(iter(item.value.items())), place)
            else:
                self._defaults_problem(
                    "is not an entry of a defaults list; expected 'group: name', a file name or _self_", item.origin
                )

    def _group_entry(self, key: str, value: Node, place: _Place) -> Iterator[DefaultsEntry]:
        *words, written = key.split() or [key]
        written, at, package = written.partition("@")
        if any(word not in ("optional", "override") for word in words) or not written:
            self._defaults_problem(
                f"'{printable(key)}' is not supported; expected 'group: name'", value.key or value.origin
            )
            return
        below = place.below(written)
        group, where = below.group, _package(package, place.package) if at else below.package
        for name in value.value if isinstance(value.value, list) else [value]:
            if name.value is None:
                continue
            if not isinstance(name.value, str):
                wrong, made = printable(name.raw or "it"), printable(str(plain(name)))
                self._defaults_problem(
                    f"the choice for '{printable(group)}' is not a name: YAML reads {wrong} as {made}, "
                    f'write "{wrong}" in quotes',
                    name.origin,
                )
                continue
            chosen = self.choices.get(group)
            self.used.setdefault(group, name.value)
            if chosen is None and "optional" in words and self._find(group, name.value) is None:
                continue
            picked = chosen or DefaultsEntry(group, name.value, name.origin)
            yield replace(picked, package=where, forced=bool(at))

    def _chosen(self, choice: DefaultsEntry) -> Node:
        found = self._find(choice.group, choice.name)
        if found is None:
            self._not_found(choice)
            return Node({}, choice.origin)
        path, shown = found
        header = "" if choice.forced else package_header(path)
        package = choice.package if header in ("", "_group_") else _package(header, ())
        return self._file(path, shown, _Place(choice.group, package))

    def _find(self, group: str, name: str) -> tuple[Path, str] | None:
        for base in (self.base, PACKAGED):
            if base == PACKAGED and not group:
                continue
            for suffix in ("", *SUFFIXES) if name.endswith(SUFFIXES) else SUFFIXES:
                path = base / group / f"{name}{suffix}"
                if is_file(path):
                    inside = base == PACKAGED
                    return path, f"{PACKAGED_NAME} {group}/{name}{suffix}" if inside else str(path)
        return None

    def _not_found(self, choice: DefaultsEntry) -> None:
        reason = refusal(choice.group, choice.name)
        if reason is None and choice.group:
            names = [*names_in(self.base / choice.group), *names_in(PACKAGED / choice.group)]
            reason = f"there is no file for '{printable(choice.group)}: {printable(choice.name)}', neither in "
            reason += f"{printable(str(self.base / choice.group), 300)} nor in evaldock" + did_you_mean(
                choice.name, names
            )
        elif reason is None:
            reason = f"there is no file '{printable(choice.name)}.yaml' in {printable(str(self.base), 300)}"
            reason += did_you_mean(choice.name, names_in(self.base))
        self._defaults_problem(reason, choice.origin)

    def _defaults_problem(self, message: str, origin: Origin) -> None:
        self.problems.append(ConfigProblem(message, "defaults", origin))


def package_header(path: Path) -> str:
    """What a file's leading `# @package NAME` says, "" when there is none: where its content goes."""
    try:
        text = read_regular(path, MAX_BYTES).decode("utf-8-sig", "replace")
    except (OSError, ValueError):
        return ""
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            break
        if found := _HEADER.fullmatch(line.strip()):
            return found[1]
    return ""


def _package(name: str, inside: tuple[str, ...]) -> tuple[str, ...]:
    """A package's name as steps from the top; `_global_` is the top, `_here_` where the list stands."""
    if name.startswith("_global_"):
        name, inside = name.removeprefix("_global_"), ()
    steps = name.removeprefix("_here_").strip(".")
    return (*inside, *steps.split(".")) if steps else inside


def is_file(path: Path) -> bool:
    """Whether a file (of any kind but a directory) stands at `path`; False when that cannot be told."""
    try:
        return path.exists() and not path.is_dir()
    except (OSError, ValueError):
        return False


def names_in(directory: Path) -> Iterable[str]:
    """The names of the YAML files in `directory`, without suffix; none when it cannot be listed."""
    try:
        return sorted(path.stem for path in directory.iterdir() if path.suffix in SUFFIXES)
    except (OSError, ValueError):
        return ()
