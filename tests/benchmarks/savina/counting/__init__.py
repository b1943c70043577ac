"""A producer tells a counter to count and then asks it how far it came: the cost of a message."""
