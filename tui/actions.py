"""Everything that a key can do in the dashboard, in one place.

Bindings, footer, palette, help overlay and the key table of the documentation are made from this list.
`python -m evaldock.tui.actions` prints that table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.binding import BindingType

Scope = Literal["everywhere", "run", "home", "table", "log", "preview"]
"""Where an action works; `run` and `home` are screens, `table` and `log` the two halves of the run screen."""

Keys = Mapping[str, tuple[str, ...]]
"""Action id -> keys, as the user has them."""


@dataclass(frozen=True)
class Action:
    """One thing that can be done.

    `id` is what users write into `keys:` of their config. `keys` are Textual's names or single characters, the first
    one is shown. `label` stands in the footer, `help` is the sentence of the help overlay and the palette.
    `changes` says that it changes a run or starts something, so that it is absent in read-only mode;
    `destructive` that it is confirmed before it is done.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    help: str
    group: str
    scope: Scope
    changes: bool = False
    destructive: bool = False


def _move(id: str, keys: tuple[str, ...], help: str) -> Action:
    return Action(id, keys, help.lower(), help, "Move", "everywhere")


def _deed(id: str, keys: str, label: str, help: str, scope: Scope = "everywhere", *, confirmed: bool = True) -> Action:
    group = "Runs" if scope == "home" else "Tasks"
    return Action(id, (keys,), label, help, group, scope, changes=True, destructive=confirmed)


def _tab(number: int, name: str) -> Action:
    return Action(f"tab_{number}", (str(number),), name, f"Show {name}", "Look", "everywhere")


ACTIONS: tuple[Action, ...] = (
    _move("down", ("j", "down"), "Down"),
    _move("up", ("k", "up"), "Up"),
    _move("page_down", ("pagedown",), "A page down"),
    _move("page_up", ("pageup",), "A page up"),
    _move("half_down", ("ctrl+d",), "Half a page down"),
    _move("half_up", ("ctrl+u",), "Half a page up"),
    _move("top", ("g", "home"), "To the top"),
    _move("bottom", ("G", "end"), "To the bottom"),
    _move("left", ("left",), "To the left"),
    _move("right", ("right",), "To the right"),
    Action("open", ("enter",), "open", "Open the run, or the task's log in full height", "Look", "everywhere"),
    Action("back", ("escape",), "back", "Go one step back: close, clear, or return to the list", "Look", "everywhere"),
    Action("next_pane", ("tab",), "other pane", "Go to the other pane", "Look", "everywhere"),
    Action("previous_pane", ("shift+tab",), "other pane", "Go to the other pane, backwards", "Look", "everywhere"),
    Action("zoom", ("z",), "zoom", "Zoom the focused pane: larger, full height, normal", "Look", "everywhere"),
    _tab(1, "the log (home: scores)"),
    _tab(2, "results (home: tasks)"),
    _tab(3, "requests (home: config)"),
    _tab(4, "the config and docker command"),
    _tab(5, "the timeline"),
    Action("find", ("/",), "filter", "Filter the list, or search the focused text", "Find", "everywhere"),
    Action("next_hit", ("n",), "next", "Next match", "Find", "log"),
    Action("previous_hit", ("N",), "previous", "Previous match", "Find", "log"),
    Action("only_hits", ("l",), "only matches", "Show only matching lines, or all", "Find", "log"),
    Action("sort", ("S",), "sort", "Sort by a column", "Find", "table"),
    Action("mark", ("space",), "mark", "Mark or unmark the task", "Tasks", "table"),
    Action("mark_all", ("*",), "mark all", "Mark all tasks shown", "Tasks", "table"),
    Action("clear_marks", ("\\",), "clear marks", "Clear all marks", "Tasks", "table"),
    _deed("kill", "K", "kill", "Kill the marked tasks, or the one under the cursor"),
    _deed("kill_now", "ctrl+k", "kill now", "Kill immediately, without a grace period"),
    _deed("rerun", "r", "rerun", "Rerun the marked tasks, or the one under the cursor"),
    _deed("rerun_failed", "R", "rerun failed", "Rerun all failed tasks"),
    Action("preview", ("p",), "preview", "Preview what would run: config, command, checks", "Tasks", "everywhere"),
    _deed("pause", "P", "pause queue", "Pause the queue, or resume it", "run", confirmed=False),
    _deed("shell", "s", "shell", "Open a shell in the task's container", "run", confirmed=False),
    Action("earlier", ("[",), "earlier", "Earlier attempt; in the preview, previous task", "Look", "everywhere"),
    Action("later", ("]",), "later", "Later attempt; in the preview, next task", "Look", "everywhere"),
    Action("follow", ("f",), "follow", "Follow the end of the log, or stop following", "Log", "log"),
    Action("wrap", ("w",), "wrap", "Wrap long lines", "Log", "log"),
    Action("timestamps", ("t",), "timestamps", "Show line timestamps", "Log", "log"),
    Action("go_to_line", ("ctrl+g",), "go to line", "Go to a line by number", "Log", "log"),
    Action("marker", ("m",), "marker", "Mark the newest line, in this view only", "Log", "log"),
    Action("copy", ("y",), "copy", "Copy the selection, or the whole pane", "Copy & export", "everywhere"),
    Action("copy_command", ("Y",), "copy command", "Copy the docker command", "Copy & export", "everywhere"),
    Action("open_pager", ("o",), "open", "Open the log or file in $PAGER or $EDITOR", "Copy & export", "everywhere"),
    Action("open_folder", ("O",), "open folder", "Open the folder with the results", "Copy & export", "everywhere"),
    Action("export", ("x",), "export scores", "Write the scores to a file", "Copy & export", "everywhere"),
    Action("compare", ("c",), "compare", "Compare with another run of the same config", "Copy & export", "everywhere"),
    _deed("new_run", "+", "new run", "Start a run from a config", "home", confirmed=False),
    Action("find_runs", ("F",), "find runs", "Find runs in a folder", "Runs", "home"),
    _deed("delete", "D", "delete", "Delete a run and all its files", "home"),
    Action("retry", ("ctrl+r",), "retry", "Retry: check again, reconnect, resume a run", "Program", "everywhere"),
    Action("palette", (":", "ctrl+p"), "commands", "Find a command by name", "Program", "everywhere"),
    Action("theme", ("T",), "theme", "Choose a theme", "Program", "everywhere"),
    Action("events", ("E",), "messages", "Message history", "Program", "everywhere"),
    Action("help", ("?", "f1"), "keys", "All keys", "Program", "everywhere"),
    Action("quit", ("q",), "quit", "Quit; tasks keep running", "Program", "everywhere"),
    Action("suspend", ("ctrl+z",), "suspend", "Suspend to the shell; fg comes back", "Program", "everywhere"),
    Action(
        "interrupt",
        ("ctrl+c",),
        "quit",
        "Quit; twice: at once. Tasks keep running",
        "Program",
        "everywhere",
    ),
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

_SHOWN = {
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "esc",
    "f1": "F1",
}


def default_keys() -> dict[str, tuple[str, ...]]:
    """The keys of every action as shipped."""
    return {action.id: action.keys for action in ACTIONS}


def key_name(key: str) -> str:
    """A key as the dashboard writes it: `esc`, `↓`, `K`."""
    return _SHOWN.get(key, key)


def bindings(
    *ids: str, scopes: Iterable[Scope] = (), call: str = "do('{id}')", priority: bool = False
) -> list[BindingType]:
    """Textual bindings for the named actions and all of the given scopes, so that a keymap by action id reaches them.

    `call` is what they run: `do('kill')` by default; a widget with methods of its own may say `call="{id}"`.
    """
    from textual.binding import Binding

    wanted = frozenset(scopes)
    chosen = [action for action in ACTIONS if action.id in ids or action.scope in wanted]
    return [
        Binding(
            ",".join(action.keys), call.format(id=action.id), action.label, show=False, priority=priority, id=action.id
        )
        for action in chosen
    ]


def markdown(keys: Keys | None = None) -> str:
    """The key table of the documentation."""
    held = default_keys() if keys is None else keys
    lines = ["| keys | what they do |", "|---|---|"]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        lines.append(f"| **{group}** | |")
        for action in (action for action in ACTIONS if action.group == group):
            shown = " ".join(f"`{key_name(key)}`" for key in held[action.id])
            lines.append(f"| {shown} | {action.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")
