"""Random runs of the command, with workers that misbehave and signals out of nowhere."""
