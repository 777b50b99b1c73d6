"""Where to look for a person: what views know of joined customers, and of walks and messages, with the log's newest."""
