"""Staging: facts as columns, once for each file of the lake; what batch reads ever after."""
