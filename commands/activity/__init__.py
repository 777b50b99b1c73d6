"""What the world did, taken in."""
