"""Shops on marketplaces: asked for what changed, page by page, and told of by messages in between."""
