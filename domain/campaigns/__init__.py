"""Campaigns: what is offered, to whom it is said, and which version of the journey customers enter."""
