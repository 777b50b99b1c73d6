"""What is true: pure Python, no clock, no I/O."""
