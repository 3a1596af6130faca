"""Whether a run may ship, by rules that a policy file states beforehand."""
