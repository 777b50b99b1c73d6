"""Tags: what is said of customers in few words, by whom, and when."""
