"""The user's own catalog files: YAML, checked with the position of everything that is wrong.

tasks:
  - name: mytask              # required
    harness: mylab            # default `custom`; a packaged harness lends its image
    image: mylab/eval:1       # required for a harness of one's own
    command: [run, "{url}"]   # argv template; without it the image obeys the NeMo contract
    endpoint_types: [chat]
    params: {temperature: 0}
    required_env: [HF_TOKEN]
    description: one line
    result:
      format: json
      file: scores.json
      metric: wer
      unit: percent           # what the metric counts, where its name does not say it
      direction: lower        # which way is better
      cluster: speaker        # a field of the samples: those that share its value are not independent
      samples: {file: "answers*.jsonl", value: correct, id: id, prompt: question, answer: text, reference: gold}
    samples: 500              # how many the whole benchmark has
    expected: 0.72 +-0.03, https://example.org/report   # what others report
    progress: '(\\d+)/(\\d+)'   # regular expression for the log: done, and in group 2 the total
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import cast

import yaml

from ..base.atomic import read_regular
from ..base.plain_yaml import load_yaml
from ..config.model import ConfigError, ConfigProblem, Origin
from .builtin import Builtin, Harness, read_builtin
from .catalog import CUSTOM_HARNESS
from .expected import EXPECTED_FORM, Expected, parse_expected
from .measure import Direction, Measure, SamplesFile, Unit
from .model import ResultFormat, TaskSpec
from .prefer import normal

MAX_BYTES = 1_000_000
MAX_NODES = 20_000
MAX_DEPTH = 50
MAX_PATTERN = 200  # compiling some is slow, too

ENDPOINT_TYPES = ("chat", "completions", "completions_logprob", "embedding", "vlm")
RESULT_FORMATS: tuple[ResultFormat, ...] = ("results.yml", "lm-eval", "inspect", "json")
TASK_KEYS = (
    "name",
    "harness",
    "image",
    "command",
    "endpoint_types",
    "params",
    "required_env",
    "description",
    "result",
    "samples",
    "expected",
    "progress",
)
RESULT_KEYS = ("format", "file", "metric", "unit", "direction", "cluster", "samples")
SAMPLES_KEYS = tuple(field.name for field in fields(SamplesFile))

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = ("int", "float", "bool")
# YAML 1.1 as PyYAML reads it takes 1e-7 for text.
_FLOAT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")

Pairs = dict[str, tuple[yaml.Node, yaml.Node]]


def read_files(files: Sequence[Path], builtin: Callable[[], Builtin] = read_builtin) -> list[TaskSpec]:
    """All tasks of all files, in order; harnesses of `builtin` lend their images.

    Raises ConfigError with the problems of all files.
    """
    problems: list[ConfigProblem] = []
    tasks: list[TaskSpec] = []
    homes: dict[tuple[Path, str], Origin] = {}
    for file in files:
        reader = _Reader(file, builtin)
        for spec, origin in reader.read():
            key = (file.parent, normal(spec.full_name))
            if key in homes:
                message = f"task {spec.full_name} is already defined at {homes[key]}"
                reader.problems.append(ConfigProblem(message, origin=origin))
            homes.setdefault(key, origin)
            tasks.append(spec)
        problems += reader.problems
    if problems:
        raise ConfigError(problems)
    return tasks


class _Reader:
    """Reads one file; keeps what is wrong in `problems` and goes on."""

    def __init__(self, file: Path, builtin: Callable[[], Builtin]) -> None:
        self.file = file
        self._builtin = builtin
        self.problems: list[ConfigProblem] = []
        self._nodes = 0
        self._given_up = False

    def read(self) -> list[tuple[TaskSpec, Origin]]:
        root = self._compose()
        if root is None:
            return []
        top = self._mapping(root, "", ("tasks",))
        if "tasks" not in top:
            self._bad(root, "tasks", "a catalog file needs a list `tasks`")
            return []
        found: list[tuple[TaskSpec, Origin]] = []
        for index, node in enumerate(self._items(top["tasks"][1], "tasks")):
            spec = self._task(node, f"tasks[{index}]")
            if spec is not None:
                found.append((spec, self._origin(node)))
        return found

    def _compose(self) -> yaml.Node | None:
        try:
            return yaml.compose(read_regular(self.file, MAX_BYTES).decode("utf-8"), Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            at = Origin(str(self.file), mark.line + 1, mark.column + 1) if mark else Origin(str(self.file))
            self.problems.append(ConfigProblem(f"not valid YAML: {error.problem}", origin=at))
        except RecursionError:
            self.problems.append(ConfigProblem("nested too deeply", origin=Origin(str(self.file))))
        except (OSError, ValueError, yaml.YAMLError) as error:
            text = error.strerror if isinstance(error, OSError) else str(error)
            self.problems.append(ConfigProblem(f"cannot be read: {text}", origin=Origin(str(self.file))))
        return None

    def _task(self, node: yaml.Node, path: str) -> TaskSpec | None:
        before = len(self.problems)
        pairs = self._mapping(node, path, TASK_KEYS)
        name = self._text(pairs, "name", path)
        harness = self._text(pairs, "harness", path) or CUSTOM_HARNESS
        known = self._known(harness)
        image = self._text(pairs, "image", path)
        if "name" not in pairs and isinstance(node, yaml.MappingNode):
            self._bad(node, path, "a task needs a `name`")
        elif "." in harness:
            self._bad(pairs["harness"][1], f"{path}.harness", "a harness name holds no dot")
        elif "image" not in pairs and known is None and isinstance(node, yaml.MappingNode):
            self._bad(node, path, f"task '{name}' needs an `image`, for no packaged harness is '{harness}'")
        command = self._texts(pairs, "command", path)
        types = self._texts(pairs, "endpoint_types", path, ENDPOINT_TYPES)
        required = self._texts(pairs, "required_env", path, pattern=_ENV_NAME)
        params = self._params(pairs, path)
        description = self._text(pairs, "description", path)
        fmt, result_file, metric, measure = self._result(pairs, path)
        samples, progress = self._samples(pairs, path), self._progress(pairs, path)
        expected = self._expected(pairs, path)
        if len(self.problems) > before:
            return None
        return TaskSpec(
            name=name,
            harness=known.name if known else harness,
            image=image or (known.image if known else ""),
            digest=known.digest if known and not image else "",
            endpoint_types=types or ("chat",),
            required_env=required,
            params=params,
            command=command or None,
            result_format=fmt,
            result_file=result_file,
            primary_metric=metric,
            measure=measure,
            samples=samples,
            expected=expected,
            progress=progress,
            description=description,
        )

    def _result(self, pairs: Pairs, path: str) -> tuple[ResultFormat, str, str, Measure]:
        if "result" not in pairs:
            return "results.yml", "", "", Measure()
        node = pairs["result"][1]
        path = f"{path}.result"
        inner = self._mapping(node, path, RESULT_KEYS)
        written = self._text(inner, "format", path)
        fmt: ResultFormat | None = next((f for f in RESULT_FORMATS if f == written), None)
        if "format" in inner and fmt is None:
            choices = ", ".join(RESULT_FORMATS)
            self._bad(inner["format"][1], f"{path}.format", f"'{written}' is not one of {choices}")
        file = self._file(inner, path)
        if fmt == "json" and not file:
            self._bad(node, path, "format json needs a `file`")
        return fmt or "results.yml", file, self._text(inner, "metric", path), self._measure(inner, path)

    def _measure(self, inner: Pairs, path: str) -> Measure:
        unit = self._choice(inner, "unit", path, tuple(Unit))
        direction = self._choice(inner, "direction", path, (Direction.HIGHER, Direction.LOWER))
        samples = SamplesFile()
        if "samples" in inner:
            node, where = inner["samples"][1], f"{path}.samples"
            given = self._mapping(node, where, SAMPLES_KEYS)
            texts = {key: self._text(given, key, where) for key in given if key != "file"}
            samples = SamplesFile(file=self._file(given, where), **texts)
            if not (samples.file and samples.value and (samples.id or samples.prompt)):
                self._bad(node, where, "needs `file`, `value` and one of `id` and `prompt`")
        return Measure(unit, direction, self._text(inner, "cluster", path), samples)

    def _choice(self, pairs: Pairs, key: str, path: str, choices: Sequence[str]) -> str:
        written = self._text(pairs, key, path)
        if written and written not in choices:
            self._bad(pairs[key][1], f"{path}.{key}", f"'{written}' is not one of {', '.join(choices)}")
        return written

    def _file(self, pairs: Pairs, path: str) -> str:
        file = self._text(pairs, "file", path)
        if file and (file.startswith("/") or ".." in file.split("/")):
            self._bad(pairs["file"][1], f"{path}.file", "the file is given relative to the results directory")
        return file

    def _samples(self, pairs: Pairs, path: str) -> int | None:
        written = self._text(pairs, "samples", path)
        if not written:
            return None
        if written.isascii() and written.isdigit() and 0 < int(written) < 10**9:
            return int(written)
        self._bad(pairs["samples"][1], f"{path}.samples", f"'{written}' is not a number of samples")
        return None

    def _expected(self, pairs: Pairs, path: str) -> Expected | None:
        written = self._text(pairs, "expected", path)
        found = parse_expected(written)
        if written and found is None:
            self._bad(pairs["expected"][1], f"{path}.expected", f"'{written[:60]}' is not {EXPECTED_FORM}")
        return found

    def _progress(self, pairs: Pairs, path: str) -> str:
        written = self._text(pairs, "progress", path)
        if len(written) > MAX_PATTERN:
            self._bad(pairs["progress"][1], f"{path}.progress", f"is longer than {MAX_PATTERN} characters")
            return ""
        try:
            groups = re.compile(written).groups if written else 1
        except (re.error, OverflowError, RecursionError) as error:
            self._bad(pairs["progress"][1], f"{path}.progress", f"is not a regular expression: {error}")
            return ""
        if groups not in (1, 2):
            message = "needs one group for what is done, or two: done and total"
            self._bad(pairs["progress"][1], f"{path}.progress", message)
        return written

    def _params(self, pairs: Pairs, path: str) -> dict[str, object]:
        if "params" not in pairs:
            return {}
        node = pairs["params"][1]
        if not isinstance(node, yaml.MappingNode):
            self._bad(node, f"{path}.params", "must be a mapping of parameter names to values")
            return {}
        return cast("dict[str, object]", self._value(node, f"{path}.params"))

    def _mapping(self, node: yaml.Node, path: str, allowed: Sequence[str] = ()) -> Pairs:
        """The pairs of a mapping; repeated keys, non-text keys and keys not in `allowed` are problems."""
        if not isinstance(node, yaml.MappingNode):
            self._bad(node, path, "must be a mapping (`key: value` lines)")
            return {}
        pairs: Pairs = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            where = f"{path}.{name}" if path else name
            if not name:
                self._bad(key, path, "keys must be text")
            elif name in pairs:
                self._bad(key, where, f"'{name}' is given twice")
            elif allowed and name not in allowed:
                self._bad(key, where, f"unknown key '{name}'; known are {', '.join(allowed)}")
            else:
                pairs[name] = (key, value)
        return pairs

    def _items(self, node: yaml.Node, path: str) -> list[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            return list(node.value)
        self._bad(node, path, "must be a list")
        return []

    def _text(self, pairs: Pairs, key: str, path: str) -> str:
        if key not in pairs:
            return ""
        node = pairs[key][1]
        if isinstance(node, yaml.ScalarNode) and node.value.strip() and not node.tag.endswith(":null"):
            return node.value.strip()
        self._bad(node, f"{path}.{key}", "must be text that is not empty")
        return ""

    def _texts(
        self,
        pairs: Pairs,
        key: str,
        path: str,
        choices: Sequence[str] = (),
        pattern: re.Pattern[str] | None = None,
    ) -> tuple[str, ...]:
        if key not in pairs:
            return ()
        found: list[str] = []
        nodes = self._items(pairs[key][1], f"{path}.{key}")
        for index, node in enumerate(nodes):
            where = f"{path}.{key}[{index}]"
            if not isinstance(node, yaml.ScalarNode):
                self._bad(node, where, "must be text")
            elif choices and node.value not in choices:
                self._bad(node, where, f"'{node.value}' is not one of {', '.join(choices)}")
            elif pattern and not pattern.fullmatch(node.value):
                self._bad(node, where, f"'{node.value}' is not a variable name")
            else:
                found.append(node.value)
        if isinstance(pairs[key][1], yaml.SequenceNode) and not nodes:
            self._bad(pairs[key][1], f"{path}.{key}", "the list is empty")
        return tuple(found)

    def _value(self, node: yaml.Node, path: str, depth: int = 0) -> object:
        # Aliases share nodes, so a small file may describe a huge value: count what is visited.
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_DEPTH:
            if not self._given_up:
                self._bad(node, path[:100], "the file describes too many values; are aliases nested in aliases?")
            self._given_up = True
            return None
        if isinstance(node, yaml.MappingNode):
            pairs = self._mapping(node, path).items()
            return {key: self._value(value, f"{path}.{key}", depth + 1) for key, (_, value) in pairs}
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(node.value)]
        return self._scalar(cast("yaml.ScalarNode", node), path)

    def _scalar(self, node: yaml.ScalarNode, path: str) -> object:
        kind = node.tag.rpartition(":")[2]
        plain: object = None
        if kind == "str":
            plain = float(node.value) if not node.style and _FLOAT.fullmatch(node.value) else node.value
        elif kind in _PLAIN:
            with contextlib.suppress(ValueError, yaml.YAMLError):
                plain = load_yaml(node.value)
            plain = None if isinstance(plain, str) else plain  # too long for a number
        if plain.bit_length() > 63 if isinstance(plain, int) else isinstance(plain, float) and not math.isfinite(plain):
            plain = None  # as in a config
        if plain is None and kind != "null":
            self._bad(node, path, f"'{node.value[:60]}' is not a value that a parameter can have; is a quote missing?")
        return plain

    def _known(self, harness: str) -> Harness | None:
        wanted = normal(harness)
        return next((known for known in self._builtin().harnesses if normal(known.name) == wanted), None)

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(str(self.file), node.start_mark.line + 1, node.start_mark.column + 1)

    def _bad(self, node: yaml.Node, path: str, message: str) -> None:
        self.problems.append(ConfigProblem(message, path, self._origin(node)))
