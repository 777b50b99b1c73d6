"""When the log grows: bring every view up to it."""
