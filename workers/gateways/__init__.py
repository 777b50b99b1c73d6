"""Gateways: how a message reaches a provider, and what the provider's answer means."""
