"""Shops on marketplaces: how they are declared, their tokens, how far they have been read, what they call us with."""
