"""When a message is asked for: decide at this instant whether it may go out, hand it over, keep what became of it."""
