"""Two actors send one message to and fro: the cost of a message to an actor that waits."""
