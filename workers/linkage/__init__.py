"""When two profiles look like one person: propose it to a person, with the score and the reasons, and merge nothing."""
