"""The catalog: every known task, and the way from a name to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from .builtin import Builtin, Harness, read_builtin
from .model import AmbiguousTask, TaskSpec, UnknownTask, WrongImage
from .prefer import fitting_type, normal, preferred

CUSTOM_HARNESS = "custom"


class Catalog:
    """The packaged tasks and, above them, those of the user's own catalog files.

    `own` tasks replace a packaged task of the same full name. Nothing is read before it is needed.
    """

    def __init__(self, own: Sequence[TaskSpec] = (), *, builtin: Callable[[], Builtin] = read_builtin) -> None:
        self._own = {_key(spec): spec for spec in own}
        self._read = builtin

    @cached_property
    def _builtin(self) -> Builtin:
        return self._read()

    @cached_property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """All tasks: the packaged ones in their order (replaced where the user has one), then the user's."""
        packaged = {_key(spec): spec for spec in self._builtin.tasks}
        return tuple({**packaged, **self._own}.values())

    @cached_property
    def harnesses(self) -> tuple[Harness, ...]:
        """All packaged harnesses, in file order."""
        return self._builtin.harnesses

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

        `endpoint_type` is what the endpoint speaks. `container` is an image to run instead of the task's own.
        A task that nobody listed is accepted (`listed` is False then) in a container, or as `harness.task` in the
        image of a known harness. Raises UnknownTask, AmbiguousTask, and WrongImage for the image of another harness.
        """
        spec = self._listed(name, endpoint_type, container)
        if spec is not None:
            self._check_image(spec, container)
            return replace(spec, image=container, digest="") if container else spec
        harness = self._by_harness.get(normal(name.partition(".")[0])) if name.strip(". ").count(".") else None
        if container and name.strip():
            return self._unlisted(name.strip(), container, endpoint_type)
        if harness is not None:
            return replace(self._unlisted(name.strip(), harness.image, endpoint_type), digest=harness.digest)
        raise UnknownTask(self._unknown(name))

    def near(self, spec: TaskSpec) -> str:
        """The full name of a listed task of the same harness whose name is most like that of `spec`; "" if none is."""
        import difflib

        names = [task.name for task in self.tasks if task.harness == spec.harness]
        found = difflib.get_close_matches(spec.name, names, n=1, cutoff=0.8)
        return f"{spec.harness}.{found[0]}" if found else ""

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
    def _by_harness(self) -> dict[str, Harness]:
        return {normal(harness.name): harness for harness in self.harnesses}

    @cached_property
    def _harness_names(self) -> dict[str, str]:
        return {normal(harness.name): harness.name for harness in self.harnesses}

    def _check_image(self, spec: TaskSpec, container: str | None) -> None:
        """Raises WrongImage when `container` is of another packaged harness than the task."""
        own = self._by_harness.get(normal(spec.harness))
        if container is None or own is None or _leaf(own.image) == _leaf(container):
            return
        other = next((h.name for h in self.harnesses if _leaf(h.image) == _leaf(container)), None)
        if other is not None:
            raise WrongImage(
                f"'{spec.full_name}' does not run in {container}, which is the image of {other}: "
                f"leave `container` out, or name a task of {other}"
            )

    def _listed(self, name: str, endpoint_type: str | None, container: str | None) -> TaskSpec | None:
        key = normal(name)
        if exact := self._by_full_name.get(key):
            return exact
        candidates = self._by_name.get(key)
        if not candidates:
            # Older generations had one name where there is now one for each endpoint type (mbpp: mbpp-chat).
            candidates = self._by_name.get(normal(f"{key}_{endpoint_type or 'chat'}"))
        if not candidates:
            return None
        inside = [s for s in candidates if container and _leaf(s.image) == _leaf(container)]
        if container and not inside and any(_leaf(h.image) == _leaf(container) for h in self.harnesses):
            return None
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
        return next((h.name for h in self.harnesses if _leaf(h.image) == _leaf(container)), CUSTOM_HARNESS)

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


def _leaf(image: str) -> str:
    """The last part of the image's name, without tag and digest: it is the same in every mirror."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]
