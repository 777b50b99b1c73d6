"""What may be asked about tags."""
