"""Segments from the command line: what opens everybody, and how answers are shown."""
