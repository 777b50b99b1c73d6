"""Activity: what customers do, told in one vocabulary, and the seal that makes it history."""
