"""View models: what the screens show of a run, computed without a screen."""
