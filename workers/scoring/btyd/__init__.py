"""Buy till you die: how often a customer buys while she is one, whether she still is, and what she spends."""
