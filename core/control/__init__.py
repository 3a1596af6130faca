"""What is done to runs: start, kill, rerun, resume, pause, prune; for the command line, the dashboard and Python."""
