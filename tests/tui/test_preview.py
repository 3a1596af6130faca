"""The preview: the same words as the dry run, no secret, blocked by a failing check, literal when it is copied."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from evaldock.core.preflight.model import Check
from evaldock.tui.commands.preview import of_attempts, of_rerun
from evaldock.tui.draw.line import Span
from evaldock.tui.screens.preview import PreviewScreen
from evaldock.tui.view.preview import command_lines, config_lines, continued, override_lines
from evaldock.tui.widgets.lines_pane import LinesPane, LinesView

from .previews import CHECKS, CONFIG, ENV, OVERRIDES, PreviewApp, preview, settled
from .scene import Scene, Task

GOOD = CHECKS[:5]
SAME_KEYS = preview(
    overrides=("evaluation.tasks.0.overrides.config.params.temperature=0.5",),
    config=CONFIG.replace("{name: ifeval}", "{name: ifeval, overrides: {config.params.temperature: 0.7}}").replace(
        "limit_samples: 100", "temperature: 0.1"
    ),
)
WITH_OVERRIDES = preview(overrides=OVERRIDES)


def lines_of(lines: Sequence[Sequence[Span]]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


def shown(app: PreviewApp) -> str:
    """What stands on the screen."""
    screen = app.screen
    return "\n".join("".join(segment.text for segment in line).rstrip() for line in screen._compositor.render_strips())


async def test_it_says_what_would_run_and_what_speaks_against_it() -> None:
    app = PreviewApp()
    async with app.run_test(size=(140, 60)) as pilot:
        await settled(app)
        await pilot.pause()
        text = shown(app)
        assert "nightly would run 2 tasks with 2 overrides, but 1 check fails" in text
        assert "blocked by 1 check" in text
        assert "HF_TOKEN is not set" in text
        await pilot.press("enter")
        assert app.result == "still open"
        assert not [value for value in ENV.values() if value in text]


@pytest.mark.parametrize("partly", [True, False])
@pytest.mark.parametrize("tasks", [("ifeval",), (), ("ifeval", "gpqa_diamond")])
async def test_what_fails_for_some_tasks_blocks_these(tasks: tuple[str, ...], partly: bool) -> None:
    missing = Check("image", "fail", "lab/own:1 is not here", tasks=tasks)
    app = PreviewApp(checks=(*GOOD, missing), run_label="rerun", partly=partly)
    second, first = app.what.jobs
    assert (first.task, second.task) == ("ifeval", "gpqa_diamond")
    async with app.run_test(size=(140, 60)) as pilot:
        await settled(app)
        await pilot.pause()
        some = partly and tasks == ("ifeval",)
        assert ("enter rerun: 1 of 2" in shown(app), "1 blocked" in shown(app)) == (some, some)
        assert ("blocked by 1 check" in shown(app)) != some
        await pilot.press("enter")
        assert app.result == ((second.id,) if some else "still open")


async def test_opening_it_sends_nothing_and_a_key_says_what_goes_where() -> None:
    app = PreviewApp(checks=GOOD)
    async with app.run_test(size=(140, 60)) as pilot:
        await settled(app)
        await pilot.pause()
        assert app.asked == ["quiet"]
        text = " ".join(app.screen.query_one("#left", LinesView).plain_text().split())
        assert "Nothing was sent or started yet. ctrl+r will" in text
        assert "ask the endpoint with the value of NVIDIA_API_KEY at http://localhost:8000/v1/chat" in text
        assert "ctrl+r check the endpoint" in shown(app)
        app.looked = 0
        await pilot.press("ctrl+r")
        await settled(app)
        await pilot.pause()
        assert app.asked == ["quiet", "all"]
        assert "HTTP 200 in 38 ms" in shown(app) and "ctrl+r check again" in shown(app)
        assert "Nothing was sent" not in shown(app)


async def test_what_nothing_speaks_against_can_be_run() -> None:
    app = PreviewApp(checks=GOOD)
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        await pilot.press("enter")
        assert app.result == tuple(job.id for job in app.what.jobs)


async def test_what_can_only_be_looked_at_is_left_with_escape() -> None:
    app = PreviewApp(checks=GOOD, run_label="")
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        await pilot.press("enter")
        assert app.result == "still open"
        await pilot.press("escape")
        assert app.result == ()


async def test_checks_are_made_again() -> None:
    app = PreviewApp()
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        app.checks = GOOD
        app.looked = 0
        await pilot.press("ctrl+r")
        await settled(app)
        await pilot.pause()
        assert "check fails" not in shown(app)
        assert "run now" in shown(app)


async def test_the_command_is_copied_as_it_would_run() -> None:
    app = PreviewApp()
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        await pilot.press("Y", "right_square_bracket", "Y")
        first, second = app.copied
        assert shlex.split(first)[:2] == ["docker", "run"]
        assert "4f2a9c1e-0-a1" in first
        assert "4f2a9c1e-1-a1" in second


async def test_it_can_be_searched() -> None:
    app = PreviewApp()
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        await pilot.press("slash", *"parallelism", "enter")
        left, right = app.screen.query_one("#left", LinesPane), app.screen.query_one("#right", LinesPane)
        assert (left.hits, right.hits) == (3, 1)
        await pilot.press("n", "n", "n")
        assert (left.hit, right.hit) == (3, 1)
        await pilot.press("escape")
        assert left.hits == 0
        assert isinstance(app.screen, PreviewScreen)


async def test_only_changes_are_shown_on_demand() -> None:
    app = PreviewApp()
    async with app.run_test(size=(140, 42)) as pilot:
        await settled(app)
        await pilot.press("tab")
        await pilot.pause()
        assert "model_id" not in shown(app)
        assert "max_parallel: 2" in shown(app)


def test_lines_of_the_config_that_an_override_touched_are_marked() -> None:
    lines = config_lines(preview(overrides=OVERRIDES).plan, changes_only=True, key="tab", width=60)
    touched = [line[1].text.strip() for line in lines if line and line[0].text == "~ "]
    assert touched == ["max_parallel:", "config.params.parallelism:"]


def test_only_the_overridden_one_of_two_equal_keys_is_marked() -> None:
    only = lines_of(config_lines(SAME_KEYS.plan, changes_only=True, key="tab", width=60))[1:]
    assert only[: only.index("")] == [
        "  evaluation:",
        "    tasks:",
        "      - name: gpqa_diamond",
        "        overrides:",
        "~         config.params.temperature: 0.5",
    ]
    both = lines_of(config_lines(SAME_KEYS.plan, changes_only=False, key="tab", width=60))
    assert [line for line in both if line.startswith("~ ")] == only[4:5]
    assert "          config.params.temperature: 0.7" in both


@pytest.mark.parametrize("text", ["echo one\n\necho two\n", "x\n\nenv  X  set\n\ny", "a\n  - b\n\n-o d\n"])
async def test_commands_with_empty_lines_are_no_part_of_the_docker_command(text: str) -> None:
    app = PreviewApp(what=preview(config=CONFIG + f"  pre_cmd: {json.dumps(text)}\n"))
    async with app.run_test(size=(140, 80)) as pilot:
        await settled(app)
        await pilot.press("Y")
        (copied,) = app.copied
        words = shlex.split(copied)
        assert words[words.index("docker") :][:2] == ["docker", "run"] and words[-1] != "two"
        screen = lines_of(command_lines(app.what.jobs[0], "Y", 200))
        start = next(n for n, line in enumerate(screen) if line.startswith("pre_cmd.sh"))
        until = next(n for n, line in enumerate(screen) if line.startswith("Environment"))
        assert [line[2:] for line in screen[start + 1 : until - 1]] == text.rstrip().splitlines()


def test_overrides_show_before_and_after() -> None:
    texts = lines_of(override_lines(WITH_OVERRIDES.plan, WITH_OVERRIDES.jobs[0]))
    assert "  - execution.max_parallel: 4" in texts
    assert "  + execution.max_parallel: 2" in texts


@pytest.mark.parametrize("width", [20, 60, 200])
def test_a_broken_command_is_the_same_command(width: int) -> None:
    command = preview().jobs[0].command
    assert shlex.split("\n".join(continued(command, width)).replace("\\\n", "")) == shlex.split(command)


@pytest.mark.parametrize(
    ("size", "theme", "ascii"),
    [((140, 42), "dark", False), ((80, 24), "light", False), ((120, 36), "mono", True)],
    ids=["wide", "small_light", "mono_ascii"],
)
def test_it_looks_as_it_did(snap_compare: object, size: tuple[int, int], theme: str, ascii: bool) -> None:
    app = PreviewApp(theme, ascii=ascii)

    async def ready(_pilot: object) -> None:
        await settled(app)

    assert snap_compare(app, terminal_size=size, run_before=ready)  # type: ignore[operator]


def test_a_check_that_warns_does_not_block() -> None:
    from evaldock.tui.view.preview import failing

    assert failing([Check("clock", "warn", "two minutes ahead"), *GOOD]) == 0


def test_the_config_of_a_run_is_shown_without_overrides_too(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    run = scene.run(tasks=(Task("ifbench", "succeeded", ran=5),))
    for shown_preview, _ in (
        of_rerun(run, [run.plan.jobs[0].id], (), scene.env),
        of_attempts(run, [run.plan.jobs[0].id], scene.env),
    ):
        lines = config_lines(shown_preview.plan, changes_only=False, key="tab", width=80)
        assert any("model_id: llama-3.1-8b-instruct" in "".join(span.text for span in line) for line in lines)
