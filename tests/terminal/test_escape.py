"""What a task or a config says cannot steer the terminal that shows it."""

from __future__ import annotations

import re

import pytest

from .conftest import Desk, Screen, until_printed, until_state

CLIPBOARD = b"\x1b]52;c;aGk=\x07"
NASTY = (
    b"plain\n"
    + CLIPBOARD
    + b"clipboard\n\x1bcreset\n\x1b[2J\x1b[Hcleared\n\x1b]0;title\x1b\\title\n\x1bP+q544e\x1b\\terminfo\n"
    + b"\xc2\x9b2Jc1 as utf-8\n\xc2\x9d52;c;aGk=\xc2\x9cosc as utf-8\n\x9b2Jc1 as bytes\n\x9d52;c;aGk=\x9cosc as bytes\n"
    + b"\x1b[31mred\x1b[0m\nover\rwritten\n\xe2\x80\xaebidi\n\x08\x08\x7fbackspace\n\x0e\x0fshift\n\x1b[c\x1b[6nquestion\n"
    + b"last\n\x1b]52;c;bm8="
)
WORDS = ("plain", "clipboard", "reset", "cleared", "title", "terminfo", "c1 as utf-8", "red", "backspace", "last")


def assert_harmless(output: bytes) -> None:
    """Colours, line ends and tabs are all that is left of control characters."""
    text = re.sub(r"\x1b\[[0-9;:]*m", "", output.decode("utf-8", "strict"))
    assert re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) == []
    assert re.findall("\r(?!\r*\n)", text) == []
    assert "52;c;" not in text


def finished(desk: Desk, *behaviours: dict[str, object], **more: object) -> Screen:
    screen = desk.screen("run", desk.config(*behaviours, **more))  # type: ignore[arg-type]
    screen.ends(0)
    return screen


@pytest.mark.parametrize("colour", [True, False], ids=["colour", "NO_COLOR"])
@pytest.mark.parametrize("words", [("logs",), ("logs", "-n", "100"), ("logs", "-f")], ids=" ".join)
def test_a_log_on_a_terminal_keeps_its_colours_only(desk: Desk, words: tuple[str, ...], colour: bool) -> None:
    finished(desk, {}, {})
    run = desk.run()
    for job in run.plan.jobs:
        run.paths.job(job.dir_name).stdout.write_bytes(NASTY)
    for target in (f"{run.invocation}.0", run.invocation):
        output = desk.screen(*words, target, env={"NO_COLOR": "" if colour else "1"}).ends(0)
        assert_harmless(output)
        assert (b"\x1b[31mred" in output) is colour
        assert (b"\x1b" in output) is colour
        shown = WORDS if "-f" not in words else WORDS[-2:]
        assert [word for word in shown if word.encode() not in output] == []


def test_a_log_on_a_pipe_is_what_the_task_wrote(desk: Desk) -> None:
    finished(desk, {"binary": True})
    log = desk.run().paths.job("t0").stdout.read_bytes()
    assert b"\x1b[2J" in log
    shown = desk.call("logs", f"{desk.run().invocation}.0").stdout
    assert shown.encode("utf-8", "surrogateescape") == log


def test_a_sequence_that_comes_in_two_pieces_is_caught(desk: Desk) -> None:
    run = desk.detach(desk.config({"sleep": 600}))
    until_printed(run, 0, "running t0")
    until_state(run, 0, "running")
    following = desk.screen("logs", "-f", f"{run.invocation}.0").sees("running t0")
    with run.paths.job("t0").stdout.open("ab", buffering=0) as log:
        seen = b""
        for cut in (1, 3, len(CLIPBOARD) - 1):
            log.write(b"before %d\n" % cut + CLIPBOARD[:cut])
            following.sees(f"before {cut}")
            log.write(CLIPBOARD[cut:] + b"after %d\n" % cut)
            following.sees(f"after {cut}")
            seen += following.before
    assert desk.call("kill", "--now", run.invocation).returncode == 0
    assert_harmless(seen + following.ends(0))


def test_a_task_prints_it_and_the_faces_stay_whole(desk: Desk) -> None:
    nasty = "x\x1bcy\x1b]52;c;aGk=\x07z\u009b2Jw"
    config = desk.config({"env_echo": "NASTY"}, env_vars={"NASTY": "HOST_NASTY"})
    desk.screen("run", config, env={"HOST_NASTY": nasty}).ends(0)
    assert nasty.encode() in desk.run().paths.job("t0").stdout.read_bytes()
    output = desk.screen("logs", desk.run().invocation, env={"NO_COLOR": ""}).ends(0)
    assert b"NASTY=xy" in output
    assert_harmless(output)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "config.yaml", "-o", "execution.mode=a\x1bc\x1b]52;c;aGk=\x07\u009b2J"),
        ("run", "config.yaml", "--dry-run", "-o", "target.api_endpoint.model_id=a\x1bc\x1b]52;c;aGk=\x07\u009b2J"),
        ("run", "nowhere\x1bc\x1b]52;c;aGk=\x07.yaml"),
        ("status", "\x1bc\x1b]52;c;aGk=\x07/"),
        ("\x1bc\x1b]52;c;aGk=\x07",),
    ],
    ids=["value", "dry run", "file", "directory", "command"],
)
def test_a_message_that_repeats_what_was_given_is_clean(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.config({})
    screen = desk.screen(*arguments)
    output = screen.ends(0 if "--dry-run" in arguments else 2)
    assert output.strip()
    assert_harmless(output)


def test_a_config_of_somebody_else_cannot_steer_the_terminal(desk: Desk) -> None:
    config = desk.config({}, {"exit": 3})
    with open(config, encoding="utf-8") as file:
        text = file.read()
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            text.replace("name: t1", r'name: "t\ec1\e]52;c;aGk=\aend"').replace("model_id: m", r'model_id: "m\ec"')
        )
    screen = desk.screen("run", config, env={"NO_COLOR": "", "TERM": "dumb"})
    outputs = [screen.ends(1)]
    outputs += [
        desk.screen(*words).ends(code) for words, code in ((("status",), 1), (("ls", "runs"), 0), (("logs",), 0))
    ]
    for output in outputs:
        assert_harmless(output)
