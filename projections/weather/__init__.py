"""The weather by region and day, as the feeds last told it."""
