"""The catalog: every known task, and the way from a name to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from .builtin import Builtin, Harness, read_builtin
from .model import AmbiguousTask, TaskSpec, UnknownTask
from .prefer import fitting_type, normal, preferred

CUSTOM_HARNESS = "custom"


class Catalog:
    """The packaged tasks and, above them, those of the user's own catalog files.

    `own` tasks replace a packaged task of the same full name. Nothing is read before it is needed.
    """

    def __init__(self, own: Sequence[TaskSpec] = (), *, builtin: Callable[[], Builtin] = read_builtin) -> None:
        self._own = {_key(spec): spec for spec in own}
        self._builtin = builtin

    @cached_property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """All tasks: the packaged ones in their order (replaced where the user has one), then the user's."""
        packaged = {_key(spec): spec for spec in self._builtin().tasks}
        return tuple({**packaged, **self._own}.values())

    @cached_property
    def harnesses(self) -> tuple[Harness, ...]:
        """All packaged harnesses, in file order."""
        return self._builtin().harnesses

    def knows_harness(self, name: str) -> bool:
        """Whether `name` is a packaged harness, spelled in any accepted way."""
        return normal(name) in self._harness_names

    def is_own(self, spec: TaskSpec) -> bool:
        """Whether the user's own catalog files describe this task."""
        return _key(spec) in self._own

    def find(self, full_name: str) -> TaskSpec | None:
        """The task of exactly this `harness.task`, None when there is none."""
        return self._by_full_name.get(normal(full_name))

    def namesakes(self, spec: TaskSpec) -> tuple[TaskSpec, ...]:
        """Tasks of other harnesses under the same name."""
        return tuple(other for other in self._by_name.get(normal(spec.name), ()) if _key(other) != _key(spec))

    def resolve(self, name: str, *, endpoint_type: str | None = None, container: str | None = None) -> TaskSpec:
        """The one task that `name` (`task` or `harness.task`) means; see `prefer` for the order of harnesses.

        `endpoint_type` is what the endpoint speaks. `container` is an image to run instead of the task's own;
        with it a task that nobody listed is accepted too (`listed` is False then).
        Raises UnknownTask and AmbiguousTask.
        """
        spec = self._listed(name, endpoint_type, container)
        if spec is not None:
            return replace(spec, image=container, digest="") if container else spec
        if container and name.strip():
            return self._unlisted(name.strip(), container, endpoint_type)
        raise UnknownTask(self._unknown(name))

    def like(self, spec: TaskSpec, endpoint_type: str) -> tuple[TaskSpec, ...]:
        """Tasks of the same harness and family (`gsm8k` -> `gsm8k_cot_instruct`) that fit the type."""
        stem = normal(spec.name) + "_"
        return tuple(
            other
            for other in self.tasks
            if other.harness == spec.harness
            and normal(other.name).startswith(stem)
            and fitting_type(other, endpoint_type)
        )

    @cached_property
    def _by_full_name(self) -> dict[str, TaskSpec]:
        return {_key(spec): spec for spec in self.tasks}

    @cached_property
    def _by_name(self) -> dict[str, list[TaskSpec]]:
        found: dict[str, list[TaskSpec]] = {}
        for spec in self.tasks:
            found.setdefault(normal(spec.name), []).append(spec)
        return found

    @cached_property
    def _harness_names(self) -> dict[str, str]:
        return {normal(harness.name): harness.name for harness in self.harnesses}

    def _listed(self, name: str, endpoint_type: str | None, container: str | None) -> TaskSpec | None:
        key = normal(name)
        if exact := self._by_full_name.get(key):
            return exact
        candidates = self._by_name.get(key)
        if not candidates:
            return None
        inside = [s for s in candidates if container and _repository(s.image) == _repository(container)]
        fitting = inside or candidates
        left = preferred(fitting, endpoint_type, [spec for spec in fitting if self.is_own(spec)])
        if len(left) == 1:
            return left[0]
        choices = tuple(spec.full_name for spec in left)
        raise AmbiguousTask(f"task '{name}' exists in several harnesses: write one of {', '.join(choices)}", choices)

    def _unlisted(self, name: str, container: str, endpoint_type: str | None) -> TaskSpec:
        harness, dot, task = name.partition(".")
        if not (harness and dot and task):
            harness, task = self._harness_of(container), name
        return TaskSpec(
            name=task,
            harness=self._harness_names.get(normal(harness), harness),
            image=container,
            endpoint_types=(endpoint_type or "chat",),
            listed=False,
        )

    def _harness_of(self, container: str) -> str:
        wanted = _repository(container)
        return next((h.name for h in self.harnesses if _repository(h.image) == wanted), CUSTOM_HARNESS)

    def _unknown(self, name: str) -> str:
        import difflib

        if not name.strip():
            return "a task needs a name; `evaldock ls tasks` shows all"
        pool = self._by_full_name if "." in name else self._by_name
        near = difflib.get_close_matches(normal(name), pool, n=3, cutoff=0.6)
        names = [self._by_full_name[n].full_name if "." in name else self._by_name[n][0].name for n in near]
        hint = f" Did you mean {' or '.join(names)}?" if names else ""
        return (
            f"no task is called '{name}'.{hint} `evaldock ls tasks` shows all; "
            "a task that is not listed needs `container: IMAGE` beside its name"
        )


def _key(spec: TaskSpec) -> str:
    return normal(spec.full_name)


def _repository(image: str) -> str:
    """The image without its tag and digest; a port in the registry's name stays."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
