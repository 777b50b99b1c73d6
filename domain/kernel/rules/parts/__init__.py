"""Rules and values made ready to be asked: each node as two functions, what it is and when that may change."""
