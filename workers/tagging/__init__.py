"""Tags of everybody: built once a night, and when somebody asks."""
