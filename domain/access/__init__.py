"""Who saw what."""
