"""How figures are written in tables and lines: durations, ages, scores, counts."""

from __future__ import annotations

from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def elapsed(seconds: float | None) -> str:
    """`mm:ss`, from an hour `XhMM`, from a day `Xd`; empty when unknown."""
    if seconds is None or seconds < 0:
        return ""
    whole = int(seconds)
    if whole >= _DAY:
        return f"{whole // _DAY}d"
    if whole >= _HOUR:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}"
    return f"{whole // _MINUTE:02d}:{whole % _MINUTE:02d}"


def age(seconds: float) -> str:
    """How long ago, in one unit: `now`, `8 m`, `3 h`, `1 d`."""
    if seconds < _MINUTE:
        return "now"
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "now"


def size(count: int) -> str:
    """Bytes as people write them: `812 B`, `3.4 MB`, `12 GB`."""
    if count < 1000:
        return f"{count} B"
    number = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        number /= 1000
        if number < 999.5 or unit == "TB":
            break
    return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"


def parse_span(text: str) -> timedelta | None:
    """`30m`, `12h`, `7d`, `2w`, `0`; None for anything else."""
    units = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
    number, unit = (text, "m") if text == "0" else (text[:-1], text[-1:].lower())
    try:
        return timedelta(**{units[unit]: int(number)}) if unit in units and number.isdigit() else None
    except OverflowError:
        return None


def parse_time(text: str | None) -> datetime | None:
    """A UTC ISO 8601 text of a run's files as an aware datetime, or None."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def clock(iso: str | None) -> str:
    """The local wall time `hh:mm:ss` of a UTC ISO 8601 text; blanks when there is none."""
    moment = parse_time(iso)
    return moment.astimezone().strftime("%H:%M:%S") if moment else " " * 8


def rate(per_second: float) -> str:
    """`4.2`, from ten on without decimals; `0` for nothing, `<0.1` for next to nothing."""
    if per_second <= 0:
        return "0"
    if per_second < 0.05:
        return "<0.1"
    return f"{per_second:,.0f}" if per_second >= 9.95 else f"{per_second:.1f}"


def progress(done: int | None, total: int | None) -> str:
    """`121/198 61%`, or only the count when the total is unknown; empty when nothing is known."""
    if done is None:
        return ""
    if not total:
        return f"{done:,}"
    return f"{done:,}/{total:,} {min(100, done * 100 // total)}%"
