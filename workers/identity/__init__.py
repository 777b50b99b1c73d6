"""When customers are seen together: join them at once, since journeys wait to know who is one person."""
