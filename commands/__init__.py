"""What may be asked: one file per command, grouped by area."""
