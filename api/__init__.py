"""How Koi is reached: HTTP routes over commands and views."""
