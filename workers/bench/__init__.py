"""`koi bench`: each hot path measured beside what this machine can do at all, in the same run."""
