"""Channels: messages, the consent they need, and what became of them."""
