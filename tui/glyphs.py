"""The signs: one set in Unicode, one in ASCII. Every sign is one cell wide and none has an emoji form."""

from __future__ import annotations

import locale
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # The command line draws with these signs, too, and does not wait for Textual.
    from .theme import Role


@dataclass(frozen=True)
class Glyphs:
    """All signs that evaldock draws with. `spark` rises from nothing to full; its first is a blank."""

    running: str
    pulling: str
    starting: str
    stopping: str
    succeeded: str
    failed: str
    killed: str
    queued: str
    lost: str
    skipped: str
    invalid: str
    cursor: str
    mark: str
    bar_full: str
    bar_half: str
    bar_rest: str
    broken: str
    rule: str
    heavy_rule: str
    vertical: str
    top: str
    dot: str
    up: str
    down: str
    sorted_up: str
    sorted_down: str
    ellipsis: str
    plus_minus: str
    minus: str
    dash: str
    arrow: str
    times: str
    hit: str
    hit_here: str
    spark: str

    @property
    def is_ascii(self) -> bool:
        """Whether every sign is ASCII."""
        return self.ellipsis.isascii()


UNICODE = Glyphs(
    running="►",
    pulling="↓",
    starting="◇",
    stopping="◌",
    succeeded="✓",
    failed="✗",
    killed="■",
    queued="·",
    lost="?",
    skipped="–",
    invalid="!",
    cursor="▌",
    mark="*",
    bar_full="━",
    bar_half="╸",
    bar_rest="─",
    broken="╍",
    rule="─",
    heavy_rule="━",
    vertical="│",
    top="▔",
    dot="●",
    up="↑",
    down="↓",
    sorted_up="▴",
    sorted_down="▾",
    ellipsis="…",
    plus_minus="±",
    minus="−",
    dash="–",
    arrow="→",
    times="×",
    hit="╴",
    hit_here="◂",
    spark=" ▁▂▃▄▅▆▇",
)

ASCII = Glyphs(
    running=">",
    pulling="v",
    starting="^",
    stopping="~",
    succeeded="+",
    failed="x",
    killed="#",
    queued=".",
    lost="?",
    skipped="-",
    invalid="!",
    cursor="|",
    mark="*",
    bar_full="=",
    bar_half="=",
    bar_rest="-",
    broken="#",
    rule="-",
    heavy_rule="=",
    vertical="|",
    top="-",
    dot="o",
    up="^",
    down="v",
    sorted_up="^",
    sorted_down="v",
    ellipsis="~",
    plus_minus="+-",
    minus="-",
    dash="-",
    arrow=">",
    times="x",
    hit="-",
    hit_here="<",
    spark=" ..::||#",
)

_ROLES: dict[str, Role] = {
    "running": "accent",
    "pulling": "accent",
    "starting": "accent",
    "stopping": "warn",
    "succeeded": "ok",
    "failed": "bad",
    "killed": "warn",
    "queued": "dim",
    "lost": "warn",
    "skipped": "dim",
    "invalid": "warn",
}


def state_glyph(glyphs: Glyphs, state: str, *, invalid: bool = False) -> str:
    """The sign of a state word, or of `invalid`; a score that means nothing shows in place of the tick."""
    if invalid and state == "succeeded":
        return glyphs.invalid
    return str(getattr(glyphs, state, glyphs.lost)) if state in _ROLES else glyphs.lost


def state_role(state: str, *, invalid: bool = False) -> Role:
    """The role of a state word, or of `invalid`."""
    return "warn" if invalid and state == "succeeded" else _ROLES.get(state, "warn")


def draws_wide(env: Mapping[str, str]) -> bool:
    """Whether the locale is one (CJK) in which terminals may give a sign two cells, which shifts columns."""
    return _locale(env)[:2] in ("zh", "ja", "ko")


def needs_ascii(env: Mapping[str, str]) -> bool:
    """Whether the terminal's locale lacks the Unicode signs, or draws some of them two cells wide (CJK)."""
    name = _locale(env)
    if draws_wide(env):
        return True
    if name in ("", "C", "POSIX"):
        # Python coerces these to UTF-8; the terminal behind them is what its encoding says.
        return locale.getpreferredencoding(False).lower().replace("-", "") != "utf8"
    return "utf8" not in name.lower().replace("-", "")


def _locale(env: Mapping[str, str]) -> str:
    return env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
