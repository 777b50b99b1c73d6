"""What views could not take, for somebody to look at: the engine keeps the list, this reads it."""
