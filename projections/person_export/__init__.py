"""Everything that is kept about a person, for the person: streamed from the log, so that it is complete."""
