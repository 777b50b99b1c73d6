"""The tags customers have: which source says so, under what name, and since when.

Kept per customer, folded per profile when read; several sources may say the same tag.
"""
