"""Access: who may ask Koi for what."""
