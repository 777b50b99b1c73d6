"""The tags of one person as they are now, worked out from her history when asked; nothing is kept."""
