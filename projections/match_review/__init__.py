"""The queue of pairs that look like one person, with score and reasons, and what became of each."""
