"""What happens by itself: processes, connectors, channels and the command line."""
