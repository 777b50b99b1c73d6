"""What was inferred of customers and still holds, each with rule and evidence; what was really said goes before it."""
