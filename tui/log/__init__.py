"""The log as the dashboard shows it: which lines, how they look, what was found in them. No screen in it."""
