"""Campaigns as they stand: what is offered, which version of the journey is live, how many customers entered."""
