"""Where events come in: raw bytes, and an answer only once they are durable."""
