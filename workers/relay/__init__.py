"""From the log to JetStream: every decision and every sealed batch, in order, exactly once."""
