"""Models: what was learned from which data, how good it is, which version speaks, and what it said."""
