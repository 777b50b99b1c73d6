"""Journeys: a versioned graph of steps, and one customer's walk through it."""
