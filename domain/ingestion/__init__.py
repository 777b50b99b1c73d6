"""Ingestion: what sources send, read into activities; bad messages are refused one by one, with the reason."""
