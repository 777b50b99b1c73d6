"""What the models that speak say of a person, since when, and why."""
