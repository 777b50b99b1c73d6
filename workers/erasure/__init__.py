"""What erasures need in a worker or a terminal."""
