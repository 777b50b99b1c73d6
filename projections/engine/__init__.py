"""The engine of the read side: pages of the log folded into tables, each page exactly once."""
