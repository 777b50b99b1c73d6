"""What may be asked about segments."""
