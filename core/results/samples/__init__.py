"""What harnesses wrote down of each single sample: one small reader a format, all giving the same rows."""
