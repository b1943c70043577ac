"""What runs over hosts cost, and how many hosts and workers they can have."""
