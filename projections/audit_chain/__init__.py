"""Tamper evidence: every event of the log is chained to all before it; the seals chain the facts by their digests."""
