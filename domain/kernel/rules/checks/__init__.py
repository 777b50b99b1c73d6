"""What is wrong with a node that has the right form, and what would be right."""
