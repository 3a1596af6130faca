"""Logs of any size: an index of lines, reading, searching and following."""
