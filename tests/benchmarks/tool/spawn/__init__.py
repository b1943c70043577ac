"""Starting 16 workers, one after the other: seconds until the last process exists."""
