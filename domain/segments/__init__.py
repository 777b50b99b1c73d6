"""Segments: who is meant, by a rule that is judged at any instant, or by a list."""
