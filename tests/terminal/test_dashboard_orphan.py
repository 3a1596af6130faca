"""A dashboard whose terminal goes without a signal, as it does when the session's leader is somebody else."""

from __future__ import annotations

import os
import pty
import subprocess
import threading

from .conftest import PROGRAM, Desk, until_printed, until_state, wait_for


def test_a_terminal_that_goes_without_a_word_ends_the_dashboard(desk: Desk) -> None:
    run = desk.detach(desk.config({"lines": 50, "count_for": 600, "interval": 0.05}))
    until_printed(run, 0, "count 1")
    ours, theirs = pty.openpty()
    seen = bytearray()

    def read() -> None:
        while b"count" not in seen:
            seen.extend(os.read(ours, 1 << 16))

    # A session of its own without this pty as its terminal: no SIGHUP comes when the pty is closed.
    program = subprocess.Popen(
        [PROGRAM, "attach", run.invocation], cwd=desk.root, env={**desk.env, "CI": "", "NO_COLOR": ""},
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(30)
    try:
        assert b"count" in seen
        os.close(ours)
        wait_for(lambda: program.poll() is not None, "the dashboard to end")
    finally:
        program.kill()
        program.wait()
    assert run.engine_alive() is not None
    assert desk.call("kill", run.invocation).returncode == 0
    until_state(run, 0, "killed")
