"""Declared sources: checked, run on schedule, listed; what one is, its kind knows."""
