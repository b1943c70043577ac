"""Programs of real size, each complete in its file."""
