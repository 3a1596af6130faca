"""What the dashboard has said: toasts pass, the list of messages keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True)
class Said:
    """One sentence and when it was said (local time)."""

    at: datetime
    text: str
    severity: Severity = "information"
