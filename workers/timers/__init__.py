"""When a wait is over or a message may be tried again: ask for what comes next."""
