"""What happened to a customer, in order: what was decided, kept here, and what she did, read from the facts."""
