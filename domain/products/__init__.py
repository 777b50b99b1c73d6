"""Products: what the shop's catalogue says of the things it sells."""
