"""Examples at the end of a command's help."""

from __future__ import annotations


def examples(*lines: tuple[str, str]) -> str:
    """An epilog of `(arguments after evaldock, what that does)`, each on a line of its own."""
    width = max(len(arguments) for arguments, _ in lines)
    # \b keeps click from flowing the lines into one paragraph.
    return "\n".join(["\b", "Examples:", *(f"  evaldock {arguments:<{width}}  {what}" for arguments, what in lines)])
