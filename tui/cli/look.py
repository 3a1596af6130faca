"""The options that say how the dashboard looks and what it may do; the same on every command that opens it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

if TYPE_CHECKING:
    from ..settings import Appearance

_META = "evaldock.look"

Command = TypeVar("Command", bound=Callable[..., Any])


def look_options(command: Command) -> Command:
    """Adds the options. They are read with `current_appearance`, so that commands need no parameters for them."""
    for option in reversed(
        (
            _option("--read-only", is_flag=True, callback=_read_only, help="Change nothing; only look."),
            _option("--theme", metavar="NAME", callback=_keep("theme"), help="Colours: dark, light, mono, contrast."),
            _option("--ascii", is_flag=True, callback=_keep("ascii"), help="Use only ASCII characters."),
            _option("--no-color", is_flag=True, callback=_no_color, help="No colours; the same as NO_COLOR=1."),
            _option("--no-mouse", is_flag=True, callback=_no_mouse, help="Leave the mouse to the terminal."),
        )
    ):
        command = option(command)
    return command


def current_appearance() -> Appearance:
    """What the options of the running command, and of the group before it, have said."""
    from ..settings import Appearance

    return Appearance(**_asked(click.get_current_context()))


def _option(name: str, **more: Any) -> Callable[[Command], Command]:
    return cast("Callable[[Command], Command]", click.option(name, expose_value=False, **more))


def _asked(ctx: click.Context) -> dict[str, Any]:
    return cast("dict[str, Any]", ctx.meta.setdefault(_META, {}))


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value:
            _asked(ctx)[name] = value

    return keep


def _no_mouse(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        _asked(ctx)["mouse"] = False


def _no_color(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        # So that pagers and shells opened from the dashboard are told, too.
        os.environ["NO_COLOR"] = "1"


def _read_only(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        os.environ["EVALDOCK_READ_ONLY"] = "1"
