"""Whether one run is better than another, from the samples that both answered."""
