"""Plain statistics of evaluations: numbers in, numbers out. Knows nothing of runs, files or tasks."""
