"""What would have been sent: the messages that the sandbox took."""
