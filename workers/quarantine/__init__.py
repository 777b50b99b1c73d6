"""When entries of the quarantine are asked to be replayed, or have become too old: that is done."""
