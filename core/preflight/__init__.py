"""What can be known before a run starts: each check is one line with a remedy; start at `run.run_checks`."""
