"""What rules may name, and what the tags and segments in them are made of. It keeps nothing of its own."""
