"""Lifetime value: who will buy within a horizon, and for how much, learned from a labelled past period."""
