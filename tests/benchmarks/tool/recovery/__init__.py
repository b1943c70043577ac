"""A worker is killed: seconds until the first sample of the next one, the median of many."""
