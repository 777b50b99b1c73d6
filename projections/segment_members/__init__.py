"""Who is in a segment, or would be in one that nobody has saved: worked out when asked, as of any instant."""
