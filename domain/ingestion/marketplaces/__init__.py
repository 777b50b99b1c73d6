"""Marketplaces: how their requests are signed, and what their orders and refunds say."""
