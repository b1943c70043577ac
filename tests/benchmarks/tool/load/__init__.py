"""Many workers that each send one number a second: what that costs our process."""
