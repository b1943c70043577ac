"""`make soak`: a million samples from workers that die at random; nothing lost, nothing left."""
