"""What every process starts from: settings, secrets, the way to the database and the event store."""
