"""What the dashboard has told: toasts pass, the event log keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True)
class Told:
    """One sentence and when it was said (local time)."""

    at: datetime
    text: str
    severity: Severity = "information"


def told_now(text: str, severity: Severity) -> Told:
    """`text` as said at this moment."""
    return Told(datetime.now().astimezone(), text, severity)
