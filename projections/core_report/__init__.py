"""The eight core segments as they are today: read from the last runs, the last build of the tags, and the scorecard."""
