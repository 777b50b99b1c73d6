"""What may be asked of campaigns, and of the walks of their customers."""
