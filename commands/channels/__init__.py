"""Whether a message goes out, and what became of it."""
