"""Connectors: what retailers already have, files first, becomes facts, customers, campaigns and offers."""
