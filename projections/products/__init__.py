"""The catalogue as it was told: each product with the last word on each of its attributes."""
