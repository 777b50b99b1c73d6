"""What may be asked of models, and where what they are and what they say is kept."""
