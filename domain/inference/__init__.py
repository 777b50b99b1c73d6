"""Inference: what is not known of a customer but follows, more or less surely, from what is; always told as such."""
