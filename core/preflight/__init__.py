"""Checks before a run, one line each with a reason and a remedy."""
