"""What people look at when a run is over: its figures, its timeline, its pictures."""
