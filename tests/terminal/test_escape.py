"""What a task or a config says cannot steer the terminal that shows it."""

from __future__ import annotations

import re
import subprocess
from itertools import product

import pytest

from .conftest import PROGRAM, Desk, Screen, until_printed, until_state

CLIPBOARD = b"\x1b]52;c;aGk=\x07"
NASTY = (
    b"plain\n"
    + CLIPBOARD
    + b"clipboard\n\x1bcreset\n\x1b[2J\x1b[Hcleared\n\x1b]0;title\x1b\\title\n\x1bP+q544e\x1b\\terminfo\n"
    + b"\xc2\x9b2Jc1 as utf-8\n\xc2\x9d52;c;aGk=\xc2\x9cosc as utf-8\n"
    + b"\x9b2Jc1 as bytes\n\x9d52;c;aGk=\x9cosc as bytes\n"
    + b"\x1b[31mred\x1b[0m\nover\rwritten\n\xe2\x80\xaebidi\n"
    + b"\x08\x08\x7fbackspace\n\x0e\x0fshift\n\x1b[c\x1b[6nquestion\n"
    + b"last\n\x1b]52;c;bm8="
)
WORDS = ("plain", "clipboard", "reset", "cleared", "title", "terminfo", "c1 as utf-8", "red", "backspace", "last")


def assert_harmless(output: bytes, *, live: bool = False) -> None:
    """Colours, line ends and tabs are all that is left of control characters (`live`: and the wiping of a line)."""
    text = re.sub(r"\x1b\[[0-9;:]*m", "", output.decode("utf-8", "strict"))
    if live:
        text = text.replace("\r\x1b[K", "")
    assert re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) == []
    assert re.findall("\r(?!\r*\n)", text) == []


def finished(desk: Desk, *behaviours: dict[str, object], **more: object) -> Screen:
    screen = desk.screen("run", desk.config(*behaviours, **more))  # type: ignore[arg-type]
    screen.ends(0)
    return screen


def test_a_log_on_a_terminal_keeps_its_colours_only(desk: Desk) -> None:
    finished(desk, {}, {})
    run = desk.run()
    for job in run.plan.jobs:
        run.paths.job(job.dir_name).stdout.write_bytes(NASTY)
    # One log as it is, and two side by side with their names before each line.
    targets = (f"{run.invocation}.0", run.invocation)
    for target, words, colour in product(targets, (("logs",), ("logs", "-f")), (True, False)):
        output = desk.screen(*words, target, env={"NO_COLOR": "" if colour else "1"}).ends(0)
        assert_harmless(output)
        assert (b"\x1b[31mred" in output) is colour
        assert (b"\x1b" in output) is colour
        shown = WORDS[-2:] if "-f" in words else WORDS
        assert [word for word in shown if word.encode() not in output] == []


def test_a_log_on_a_pipe_is_what_the_task_wrote(desk: Desk) -> None:
    finished(desk, {"binary": True})
    log = desk.run().paths.job("t0").stdout.read_bytes()
    assert b"\x1b[2J" in log
    shown = subprocess.run([PROGRAM, "logs"], env=desk.env, capture_output=True, check=True).stdout
    assert shown == log


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
            seen += following.before or b""
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
        ("run", "config.yaml", "--dry-run", "-o", r'target.api_endpoint.model_id="a\ec\e]52;c;aGk=\a"'),
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


def test_names_and_errors_of_docker_cannot_steer_the_terminal(desk: Desk) -> None:
    config = desk.config({}, extra_docker_args="--network 'a\x1bc\x1b]52;c;aGk=\x07b'")
    model = ("-o", r'target.api_endpoint.model_id="m\ec\e]52;c;aGk=\a"')
    outputs = [desk.screen("run", config, *model, "--no-check", env={"NO_COLOR": ""}).ends(1)]
    assert b"ab not found" in outputs[0]
    outputs += [desk.screen(command, config, *model, env={"NO_COLOR": ""}).ends(1) for command in ("run", "check")]
    assert all(b"does not serve" in output for output in outputs[1:])
    for words, code in ((("status",), 1), (("ls", "runs"), 0), (("rerun", "--failed", desk.run().invocation), 1)):
        outputs.append(desk.screen(*words).ends(code))
    for output in outputs:
        assert_harmless(output, live=True)
