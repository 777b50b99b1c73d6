"""When something happens to a person, or a window moves on: who came into which segment, and who left it, is told."""
