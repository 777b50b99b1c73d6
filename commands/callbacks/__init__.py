"""What platforms call us with: who reads it, and what is kept of it."""
