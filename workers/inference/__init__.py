"""When somebody buys: what the purchase says of them is inferred, or taken back."""
