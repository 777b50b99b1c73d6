"""Cleaning: one form for what sources write in many, by declared rules; what cannot be cleaned is kept and told."""
