"""The signature rule of each platform, as pure functions."""
